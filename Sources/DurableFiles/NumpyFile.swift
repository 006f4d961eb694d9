/// Writes Float32 matrices as NumPy's `.npy`, version 1.0.
///
/// Rows may be given in parts; the header states how many there will be.
public final class NumpyFile {
  private let file: AtomicFile
  private var missingCount: Int

  public init(_ path: String, rows: Int, width: Int) throws(FileError) {
    file = try AtomicFile(path)
    missingCount = rows * width
    let shape = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(rows), \(width)), }"
    // Magic, version and length take 10 bytes; data start at a multiple of 64.
    let padding = 63 - (10 + shape.utf8.count) % 64
    let header = Array(shape.utf8) + [UInt8](repeating: 0x20, count: padding) + [0x0A]
    let length = [UInt8(header.count & 255), UInt8(header.count >> 8)]
    try file.write([0x93] + Array("NUMPY".utf8) + [1, 0] + length + header)
  }

  /// Appends whole rows.
  public func write(_ values: [Float]) throws(FileError) {
    missingCount -= values.count
    precondition(missingCount >= 0, "More values than the header states.")
    try values.withUnsafeBufferPointer { (values) throws(FileError) in
      try file.write(UnsafeRawBufferPointer(values))
    }
  }

  public func publish() throws(FileError) {
    precondition(missingCount == 0, "\(missingCount) values are missing.")
    try file.publish()
  }
}
