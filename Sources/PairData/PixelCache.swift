internal import Synchronization

/// Decoded images and digests in memory, kept from the first epoch on, up to a budget of bytes.
///
/// What is in stays in: an epoch visits every pair once, so throwing one out for another gains
/// nothing. Results are the same with any budget, since an entry is what decoding gave.
final class PixelCache: Sendable {
  struct Entry: Sendable {
    let digest: ContentDigest
    /// Nil where images are not wanted; the digest alone is then worth keeping.
    let image: DecodedImage?

    /// What the entry takes in memory, the table's share included.
    var bytes: Int { 128 + (image?.pixels.count ?? 0) }
  }

  private struct State {
    var entries: [Int: Entry] = [:]
    var bytes = 0
  }

  private let state = Mutex(State())
  private let byteLimit: Int

  init(byteLimit: Int) {
    self.byteLimit = byteLimit
  }

  subscript(pair: Int) -> Entry? {
    state.withLock { $0.entries[pair] }
  }

  /// Keeps an entry if the budget has room for it.
  func insert(_ entry: Entry, for pair: Int) {
    state.withLock { state in
      guard state.entries[pair] == nil, state.bytes + entry.bytes <= byteLimit else { return }
      state.entries[pair] = entry
      state.bytes += entry.bytes
    }
  }
}
