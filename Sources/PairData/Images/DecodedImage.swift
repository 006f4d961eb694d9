/// A picture in memory: 8-bit RGB, rows from top to bottom.
public struct DecodedImage: Sendable, Equatable {
  public let width: Int
  public let height: Int
  /// [height, width, 3].
  public let pixels: [UInt8]

  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(
      width > 0 && height > 0 && pixels.count == width * height * 3,
      "\(pixels.count) bytes for \(width) x \(height) RGB pixels")
    self.width = width
    self.height = height
    self.pixels = pixels
  }
}
