internal import CHDF5

/// One chunk as it lies in a file: its elements, padding of zeros, and the checksum of both, which
/// is the form that HDF5's Fletcher32 filter gives it.
///
/// Safety of `@unchecked Sendable`: elements are filled in by one thread before any other knows of
/// them; from then on, until all others are waited for, they are only read. `seal` touches nothing
/// but what follows them.
final class ChunkBuffer: @unchecked Sendable {
  private static let checksumBytes = 4

  private let memory: UnsafeMutableRawBufferPointer
  /// Of the elements and the padding.
  private let chunkBytes: Int
  private let elementBytes: Int

  /// - Parameter elementCount: in a chunk, padding included.
  init(elementCount: Int, elementBytes: Int) {
    self.elementBytes = elementBytes
    chunkBytes = elementCount * elementBytes
    memory = .allocate(byteCount: chunkBytes + ChunkBuffer.checksumBytes, alignment: 64)
  }

  deinit {
    memory.deallocate()
  }

  /// All that is stored.
  var stored: UnsafeMutableRawBufferPointer { memory }

  /// The first elements; a run is shorter than its chunk where the chunk is padded.
  func elements(_ count: Int) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(rebasing: memory[..<(count * elementBytes)])
  }

  /// Completes a chunk whose first elements are given.
  func seal(elementCount count: Int) {
    for index in count * elementBytes..<chunkBytes { memory[index] = 0 }
    memory.storeBytes(of: checksum.littleEndian, toByteOffset: chunkBytes, as: UInt32.self)
  }

  /// Whether the stored checksum is that of the bytes before it.
  var isWhole: Bool {
    let stored = memory.loadUnaligned(fromByteOffset: chunkBytes, as: UInt32.self)
    return UInt32(littleEndian: stored) == checksum
  }

  private var checksum: UInt32 {
    guard let start = memory.baseAddress else { return 0 }
    return dq_fletcher32(start.assumingMemoryBound(to: UInt8.self), chunkBytes)
  }
}

/// A hash by which runs are compared; see `dq_chunk_hash`.
func chunkHash(of bytes: UnsafeRawBufferPointer) -> UInt64 {
  guard let start = bytes.baseAddress else { return 0 }
  return dq_chunk_hash(start.assumingMemoryBound(to: UInt8.self), bytes.count)
}
