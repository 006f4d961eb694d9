internal import Glibc

/// Reads the rows of a `.npy` that ``NumpyFile`` wrote, some at a time.
public final class NumpyRows {
  public let width: Int
  public let rowCount: Int
  private let file: OpenFile

  /// - Throws: ``FileError`` for a file of other contents or another length.
  public init(_ path: String) throws(FileError) {
    file = try OpenFile(path)
    let headerByteCount = NumpyFile.headerByteCount
    guard file.byteCount >= headerByteCount,
      let sizes = Self.sizes(try file.read(0..<headerByteCount))
    else {
      throw FileError(.read, path: path, code: EINVAL, problem: "it is no array that duiqi wrote")
    }
    (rowCount, width) = sizes
    let (values, overflow) = rowCount.multipliedReportingOverflow(by: 4 * width)
    guard !overflow, values == file.byteCount - headerByteCount else {
      throw FileError(
        .read, path: path, code: EINVAL,
        problem: "it has \(file.byteCount) bytes, its header says \(rowCount) rows of "
          + "\(width) numbers")
    }
  }

  /// - Returns: the rows of a range, end to end.
  public func read(_ rows: Range<Int>) throws(FileError) -> [Float] {
    precondition(rows.lowerBound >= 0 && rows.upperBound <= rowCount, "\(rows) of \(rowCount)")
    return try file.readFloats(
      rows.count * width, at: NumpyFile.headerByteCount + rows.lowerBound * width * 4)
  }

  /// The sizes that a header states, if it is one of ours.
  private static func sizes(_ header: [UInt8]) -> (Int, Int)? {
    let text = String(decoding: header[10...], as: UTF8.self)
    guard let open = text.lastIndex(of: "("), let close = text.lastIndex(of: ")"), open < close
    else { return nil }
    let numbers = text[text.index(after: open)..<close].split(separator: ",").map {
      Int($0.drop { $0 == " " })
    }
    guard numbers.count == 2, let rows = numbers[0], let width = numbers[1], rows >= 0,
      (1...1 << 20).contains(width), NumpyFile.header(rows: rows, width: width) == header
    else { return nil }
    return (rows, width)
  }
}
