import Testing
import WeightFiles

/// A file that was made to mislead or to harm, and what must be said of it.
struct HostileCase: Sendable, CustomTestStringConvertible {
  enum Verdict: Equatable, Sendable {
    case forbidden(String)
    case malformed
    case beyondLimit
    case unsupported
    case unknownFormat
    /// Not hostile: a twin of a hostile case, which shows that the fault alone is refused.
    case read
  }

  let name: String
  let bytes: [UInt8]
  let verdict: Verdict

  var testDescription: String { name }

  init(_ name: String, _ verdict: Verdict, _ bytes: [UInt8]) {
    self.name = name
    self.verdict = verdict
    self.bytes = bytes
  }

  /// A pickle in an otherwise sound archive.
  init(
    _ name: String, _ verdict: Verdict, pickle: [UInt8],
    storages: [[UInt8]] = [ArchiveBytes.threeFloats]
  ) {
    self.init(name, verdict, ArchiveBytes(pickle: pickle, storages: storages).bytes)
  }

  init(_ name: String, _ verdict: Verdict, _ body: (inout PickleBytes) -> Void) {
    self.init(name, verdict, pickle: PickleBytes.make(body))
  }

  func check() throws {
    let verdict: Verdict
    switch try outcome(of: bytes) {
    case .success: verdict = .read
    case .failure(.forbiddenGlobal(_, let name, _)): verdict = .forbidden(name)
    case .failure(.malformed): verdict = .malformed
    case .failure(.beyondLimit): verdict = .beyondLimit
    case .failure(.unsupported): verdict = .unsupported
    case .failure(.unknownFormat): verdict = .unknownFormat
    case .failure(let other):
      Issue.record("\(other)")
      return
    }
    #expect(verdict == self.verdict)
  }
}
