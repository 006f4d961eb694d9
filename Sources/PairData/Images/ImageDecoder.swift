internal import CImageCodecs

/// What becomes of transparency and of the camera's orientation, and how large a picture may be.
public struct ImageDecodingOptions: Hashable, Sendable {
  public enum Alpha: Hashable, Sendable {
    /// Laid over white, as a viewer shows it. Colours under full transparency are chance.
    case onWhite
    /// Ignored: hidden colours show, as Chinese-CLIP and OpenCLIP have it.
    case dropped
  }

  public enum Orientation: Hashable, Sendable {
    /// Turned upright by the EXIF entry.
    case applied
    /// As the pixels are stored, as Chinese-CLIP and OpenCLIP have it.
    case ignored
  }

  public var alpha: Alpha
  public var orientation: Orientation
  /// The largest area. Pillow refuses from here on (twice its MAX_IMAGE_PIXELS).
  public var maximumPixels: Int

  /// The most pixels on one side, whatever the area.
  public static let maximumSide = Int(dq_image_side_limit)

  public init(
    alpha: Alpha = .onWhite, orientation: Orientation = .applied,
    maximumPixels: Int = 178_956_970
  ) {
    self.alpha = alpha
    self.orientation = orientation
    self.maximumPixels = maximumPixels
  }
}

/// JPEG, PNG and WebP bytes to RGB; of animations the first frame.
public struct ImageDecoder: Sendable {
  public let options: ImageDecodingOptions

  public init(options: ImageDecodingOptions = ImageDecodingOptions()) {
    self.options = options
  }

  /// Greys, palettes, CMYK and 16 bits a channel all become 8-bit RGB.
  public func decode(_ bytes: [UInt8]) throws(ImageError) -> DecodedImage {
    guard !bytes.isEmpty else { throw .empty }
    guard let format = ImageFormat(bytes) else {
      throw .unknownFormat(firstBytes: Array(bytes.prefix(8)))
    }
    var raw = dq_image()
    var message = [CChar](repeating: 0, count: Int(dq_image_message_size))
    let decode =
      switch format {
      case .jpeg: dq_decode_jpeg
      case .png: dq_decode_png
      case .webp: dq_decode_webp
      }
    let status = decode(bytes, Int64(bytes.count), Int64(options.maximumPixels), &raw, &message)
    defer { dq_image_free(&raw) }
    let (width, height) = (Int(raw.width), Int(raw.height))
    switch status {
    case dq_image_ok: break
    case dq_image_too_large:
      throw .tooLarge(width: width, height: height, maximumPixels: options.maximumPixels)
    case dq_image_out_of_memory:
      throw .outOfMemory(width: width, height: height)
    default:
      let text = String(
        decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      throw .damaged(format: format, problem: text.isEmpty ? "no picture in it" : text)
    }
    let image = DecodedImage(width: width, height: height, pixels: rgb(raw))
    guard options.orientation == .applied,
      let orientation = EXIFOrientation(in: bytes, format: format)
    else { return image }
    return orientation.upright(image)
  }

  /// The pixels without their alpha, as the options say.
  private func rgb(_ raw: dq_image) -> [UInt8] {
    let count = Int(raw.width * raw.height)
    guard let source = raw.pixels else { return [] }
    if raw.channels == 3 { return Array(UnsafeBufferPointer(start: source, count: count * 3)) }
    return [UInt8](unsafeUninitializedCapacity: count * 3) { target, initializedCount in
      for pixel in 0..<count {
        let alpha = Int(source[4 * pixel + 3])
        for channel in 0..<3 {
          let colour = Int(source[4 * pixel + channel])
          target[3 * pixel + channel] =
            options.alpha == .dropped
            ? UInt8(colour) : UInt8((colour * alpha + 255 * (255 - alpha) + 127) / 255)
        }
      }
      initializedCount = count * 3
    }
  }
}
