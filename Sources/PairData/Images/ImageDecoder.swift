internal import CImageCodecs

/// What becomes of transparency and of the camera's orientation, and how large a picture may be.
public struct ImageDecodingOptions: Hashable, Sendable {
  public enum Alpha: Hashable, Sendable {
    /// Laid over white, as a viewer shows it. Colours under full transparency are chance.
    case onWhite
    /// Chinese-CLIP's way: a picture keeps the mode of its file until it is resized, then alpha is
    /// ignored. Hidden colours may show, palettes stay sharp, 16-bit greys above 255 are white.
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

/// JPEG, PNG and WebP bytes to pixels; of animations the first frame.
public struct ImageDecoder: Sendable {
  public let options: ImageDecodingOptions

  public init(options: ImageDecodingOptions = ImageDecodingOptions()) {
    self.options = options
  }

  /// Laid over white, all become 8-bit RGB; where alpha is dropped, after the resize at the latest.
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
    let status = decode(
      bytes, Int64(bytes.count), Int64(options.maximumPixels), options.alpha == .dropped ? 1 : 0,
      &raw, &message)
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
    let image =
      options.alpha == .dropped
      ? inMode(raw) : DecodedImage(width: width, height: height, pixels: overWhite(raw))
    guard options.orientation == .applied,
      let orientation = EXIFOrientation(in: bytes, format: format)
    else { return image }
    return orientation.upright(image)
  }

  /// The pixels as they were decoded.
  private func inMode(_ raw: dq_image) -> DecodedImage {
    guard let mode = DecodedImage.Mode(rawValue: raw.mode.rawValue) else {
      preconditionFailure("CImageCodecs has a mode \(raw.mode.rawValue) that Swift lacks")
    }
    let count = Int(raw.width * raw.height * raw.channels)
    return DecodedImage(
      width: Int(raw.width), height: Int(raw.height), mode: mode,
      pixels: Array(UnsafeBufferPointer(start: raw.pixels, count: count)))
  }

  /// RGB without the alpha, where there is one.
  private func overWhite(_ raw: dq_image) -> [UInt8] {
    let count = Int(raw.width * raw.height)
    guard let source = raw.pixels else { return [] }
    if raw.mode == dq_mode_rgb {
      return Array(UnsafeBufferPointer(start: source, count: count * 3))
    }
    return [UInt8](unsafeUninitializedCapacity: count * 3) { target, initializedCount in
      for pixel in 0..<count {
        let alpha = Int(source[4 * pixel + 3])
        for channel in 0..<3 {
          let colour = Int(source[4 * pixel + channel])
          target[3 * pixel + channel] = UInt8((colour * alpha + 255 * (255 - alpha) + 127) / 255)
        }
      }
      initializedCount = count * 3
    }
  }
}
