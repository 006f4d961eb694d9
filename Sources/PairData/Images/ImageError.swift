/// Why bytes are not a picture that can be used.
public enum ImageError: Error, Equatable, Sendable {
  case empty
  case unknownFormat(firstBytes: [UInt8])
  case damaged(format: ImageFormat, problem: String)
  case tooLarge(width: Int, height: Int, maximumPixels: Int)
  case outOfMemory(width: Int, height: Int)
}

extension ImageError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .empty:
      "The image has no bytes. A JPEG, PNG or WebP file was expected. Write it again."
    case .unknownFormat(let bytes):
      "The image begins with \(bytes.map { hexadecimal($0) }.joined(separator: " ")). JPEG, PNG "
        + "and WebP are read. Convert it to one of these."
    case .damaged(let format, let problem):
      "The \(format.rawValue) data are damaged: \(problem). A whole file was expected. Write it "
        + "again from its source."
    case .tooLarge(let width, let height, let maximum):
      "The image has \(width) x \(height) pixels. At most \(maximum) in all, and "
        + "\(ImageDecodingOptions.maximumSide) on a side, are decoded. Make it smaller."
    case .outOfMemory(let width, let height):
      "No memory was left for an image of \(width) x \(height) pixels. Use fewer loader threads."
    }
  }

  private func hexadecimal(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16, uppercase: true)
    return digits.count == 1 ? "0" + digits : digits
  }
}

/// The formats that are decoded, told apart by their first bytes alone.
public enum ImageFormat: String, Sendable {
  case jpeg = "JPEG"
  case png = "PNG"
  case webp = "WebP"

  init?(_ bytes: [UInt8]) {
    if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
      self = .jpeg
    } else if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = .png
    } else if bytes.count >= 12, bytes.starts(with: Array("RIFF".utf8)),
      bytes[8..<12].elementsEqual("WEBP".utf8)
    {
      self = .webp
    } else {
      return nil
    }
  }
}
