/// Writes Float32 matrices as NumPy's `.npy`, version 1.0, with as many rows as it is given.
///
///     let file = try NumpyFile("embeddings.npy", width: 512)
///     try file.write(rows)
///     try file.publish()
public final class NumpyFile {
  /// Room for any number of rows, and a start of the data that is a multiple of 64.
  static let headerByteCount = 128

  public let width: Int
  public private(set) var rowCount = 0
  private let file: AtomicFile

  public init(_ path: String, width: Int) throws(FileError) {
    precondition(width > 0, "rows of \(width) numbers")
    self.width = width
    file = try AtomicFile(path)
    try file.write(Self.header(rows: 0, width: width))
  }

  /// Appends whole rows.
  public func write(_ values: [Float]) throws(FileError) {
    precondition(values.count % width == 0, "\(values.count) values are no rows of \(width).")
    rowCount += values.count / width
    try values.withUnsafeBufferPointer { (values) throws(FileError) in
      try file.write(UnsafeRawBufferPointer(values))
    }
  }

  public func publish() throws(FileError) {
    // How many rows there are is known now.
    try file.rewrite(Self.header(rows: rowCount, width: width), at: 0)
    try file.publish()
  }

  static func header(rows: Int, width: Int) -> [UInt8] {
    let shape = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(rows), \(width)), }"
    // Magic, version and length take 10 bytes.
    let padding = headerByteCount - 11 - shape.utf8.count
    let text = Array(shape.utf8) + [UInt8](repeating: 0x20, count: padding) + [0x0A]
    let length = [UInt8(text.count & 255), UInt8(text.count >> 8)]
    return [0x93] + Array("NUMPY".utf8) + [1, 0] + length + text
  }
}
