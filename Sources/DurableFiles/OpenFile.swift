internal import Glibc

/// A regular file open for reading anywhere in it.
public final class OpenFile {
  public let path: String
  public let byteCount: Int
  private let file: FileDescriptor

  public init(_ path: String) throws(FileError) {
    self.path = path
    file = try FileDescriptor(path, flags: O_RDONLY | O_NONBLOCK, operation: .open)
    byteCount = try file.regularByteCount()
  }

  /// - Parameter range: inside the file.
  public func read(_ range: Range<Int>) throws(FileError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: range.count)
    try bytes.withUnsafeMutableBufferPointer { (target) throws(FileError) in
      try file.read(into: UnsafeMutableRawBufferPointer(target), at: range.lowerBound)
    }
    return bytes
  }

  /// Fills the target from an offset on; the file must have as many bytes there.
  public func read(into target: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) {
    try file.read(into: target, at: offset)
  }

  /// Little-endian numbers from an offset on.
  func readFloats(_ count: Int, at offset: Int) throws(FileError) -> [Float] {
    var values = [Float](repeating: 0, count: count)
    try values.withUnsafeMutableBufferPointer { (target) throws(FileError) in
      try file.read(into: UnsafeMutableRawBufferPointer(target), at: offset)
    }
    return values
  }
}
