internal import CHDF5

/// One chunk as it lies in a file: its elements, padding of zeros, and the checksum of both, which
/// is the form that HDF5's Fletcher32 filter gives it.
///
/// Safety of `@unchecked Sendable`: elements are filled in by one thread before any other knows of
/// them; from then on, until all others are waited for, they are only read. `seal` touches nothing
/// but what follows them, and `resize` is for when all others were waited for.
final class ChunkBuffer: @unchecked Sendable {
  /// What follows a chunk's elements and padding.
  static let checksumBytes = 4

  private let elementBytes: Int
  /// Of the elements and the padding.
  private var chunkBytes: Int
  /// At least as large as a chunk and its checksum.
  private var memory: UnsafeMutableRawBufferPointer

  /// - Parameter elementCount: in a chunk, padding included.
  init(elementCount: Int, elementBytes: Int) {
    self.elementBytes = elementBytes
    chunkBytes = elementCount * elementBytes
    memory = Self.memory(chunkBytes)
  }

  deinit {
    memory.deallocate()
  }

  private static func memory(_ chunkBytes: Int) -> UnsafeMutableRawBufferPointer {
    .allocate(byteCount: chunkBytes + checksumBytes, alignment: 64)
  }

  /// Takes chunks of another size from now on, in the same memory where it is large enough: to have
  /// new memory for every tensor costs as much as its checksums.
  func resize(elementCount: Int) {
    chunkBytes = elementCount * elementBytes
    guard memory.count < chunkBytes + Self.checksumBytes else { return }
    memory.deallocate()
    memory = Self.memory(chunkBytes)
  }

  /// All that is stored.
  var stored: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(rebasing: memory[..<(chunkBytes + Self.checksumBytes)])
  }

  /// The first elements; a run is shorter than its chunk where the chunk is padded.
  func elements(_ count: Int) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(rebasing: memory[..<(count * elementBytes)])
  }

  /// Completes a chunk whose first elements are given.
  func seal(elementCount count: Int) {
    for index in count * elementBytes..<chunkBytes { memory[index] = 0 }
    let chunk = UnsafeRawBufferPointer(rebasing: memory[..<chunkBytes])
    let checksum = ChunkBuffer.checksum(of: chunk)
    memory.storeBytes(of: checksum.littleEndian, toByteOffset: chunkBytes, as: UInt32.self)
  }

  /// Whether a stored chunk's checksum is that of the bytes before it.
  static func isWhole(_ stored: UnsafeRawBufferPointer) -> Bool {
    let chunkBytes = stored.count - checksumBytes
    let checksum = stored.loadUnaligned(fromByteOffset: chunkBytes, as: UInt32.self)
    let chunk = UnsafeRawBufferPointer(rebasing: stored[..<chunkBytes])
    return UInt32(littleEndian: checksum) == Self.checksum(of: chunk)
  }

  private static func checksum(of bytes: UnsafeRawBufferPointer) -> UInt32 {
    guard let start = bytes.baseAddress else { return 0 }
    return dq_fletcher32(start.assumingMemoryBound(to: UInt8.self), bytes.count)
  }
}

/// A hash by which runs are compared; see `dq_chunk_hash`.
func chunkHash(of bytes: UnsafeRawBufferPointer) -> UInt64 {
  guard let start = bytes.baseAddress else { return 0 }
  return dq_chunk_hash(start.assumingMemoryBound(to: UInt8.self), bytes.count)
}
