internal import CImageCodecs

/// A picture in memory: rows from top to bottom, 8-bit RGB unless its mode says otherwise.
public struct DecodedImage: Sendable, Equatable {
  /// What the bytes of a pixel are, and so how pixels mix in a resize; names as Pillow's modes.
  public enum Mode: UInt32, Sendable {
    case rgb = 0
    /// RGB of a palette, or black and white: a resize takes the nearest pixel and mixes none.
    case indexed = 1
    /// RGB and alpha, which is not premultiplied.
    case rgba = 2
    /// Amounts of ink.
    case cmyk = 3
    /// Grey of 16 bits, the upper byte first.
    case grey16 = 4

    var channelCount: Int {
      switch self {
      case .rgb, .indexed: 3
      case .rgba, .cmyk: 4
      case .grey16: 2
      }
    }

    /// The mode as C has it.
    var code: dq_image_mode { dq_image_mode(rawValue) }
  }

  public let width: Int
  public let height: Int
  public let mode: Mode
  /// [height, width, channels of the mode].
  public let pixels: [UInt8]

  public init(width: Int, height: Int, mode: Mode = .rgb, pixels: [UInt8]) {
    precondition(
      width > 0 && height > 0 && pixels.count == width * height * mode.channelCount,
      "\(pixels.count) bytes for \(width) x \(height) pixels of \(mode)")
    self.width = width
    self.height = height
    self.mode = mode
    self.pixels = pixels
  }

  /// The picture in RGB without its alpha, as Pillow converts it.
  public var inRGB: DecodedImage {
    if mode == .rgb { return self }
    let byteCount = width * height * 3
    let rgb = [UInt8](unsafeUninitializedCapacity: byteCount) { target, count in
      dq_convert_to_rgb(pixels, mode.code, Int64(width * height), target.baseAddress)
      count = byteCount
    }
    return DecodedImage(width: width, height: height, pixels: rgb)
  }
}
