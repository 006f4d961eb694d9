internal import CHDF5

/// One chunk as it lies in a file: its elements, padding of zeros, and the checksum of both, which
/// is the form that HDF5's Fletcher32 filter gives it.
final class ChunkBuffer {
  static let checksumBytes = 4

  private let elementBytes: Int
  private let bytes: UnsafeMutableRawBufferPointer

  /// - Parameter elementCount: in a chunk, padding included.
  init(elementCount: Int, elementBytes: Int) {
    self.elementBytes = elementBytes
    bytes = .allocate(
      byteCount: elementCount * elementBytes + ChunkBuffer.checksumBytes, alignment: 64)
  }

  deinit {
    bytes.deallocate()
  }

  /// All that is stored.
  var stored: UnsafeMutableRawBufferPointer { bytes }

  /// The first elements; a run is shorter than its chunk where the chunk is padded.
  func elements(_ count: Int) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(rebasing: bytes[..<(count * elementBytes)])
  }

  /// Completes a chunk whose first elements are given.
  func seal(elementCount count: Int) {
    for index in count * elementBytes..<bytes.count - ChunkBuffer.checksumBytes {
      bytes[index] = 0
    }
    bytes.storeBytes(
      of: checksum.littleEndian, toByteOffset: bytes.count - ChunkBuffer.checksumBytes,
      as: UInt32.self)
  }

  /// Whether the stored checksum is that of the bytes before it.
  var isWhole: Bool {
    let stored = bytes.loadUnaligned(
      fromByteOffset: bytes.count - ChunkBuffer.checksumBytes, as: UInt32.self)
    return UInt32(littleEndian: stored) == checksum
  }

  private var checksum: UInt32 {
    guard let start = bytes.baseAddress else { return 0 }
    return dq_fletcher32(
      start.assumingMemoryBound(to: UInt8.self), bytes.count - ChunkBuffer.checksumBytes)
  }
}
