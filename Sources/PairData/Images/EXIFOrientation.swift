/// How a camera was held, from the EXIF entry 0x0112 (CIPA DC-008, section 4.6.4).
enum EXIFOrientation: Int {
  case mirrored = 2
  case upsideDown = 3
  case flipped = 4
  case transposed = 5
  case turnedRight = 6
  case transversed = 7
  case turnedLeft = 8

  /// The orientation that a file states, if it states one other than upright.
  ///
  /// Anything malformed counts as upright: it is a hint, not the picture.
  init?(in bytes: [UInt8], format: ImageFormat) {
    let block: ArraySlice<UInt8>? =
      switch format {
      case .jpeg: EXIFOrientation.jpegBlock(bytes)
      case .png: EXIFOrientation.pngBlock(bytes)
      case .webp: EXIFOrientation.webpBlock(bytes)
      }
    guard let block, let value = EXIFOrientation.entry(in: block) else { return nil }
    self.init(rawValue: value)
  }

  /// The picture as it was seen.
  func upright(_ image: DecodedImage) -> DecodedImage {
    let (width, height) = (image.width, image.height)
    let swapsSides = rawValue >= EXIFOrientation.transposed.rawValue
    let (newWidth, newHeight) = swapsSides ? (height, width) : (width, height)
    let walk = self.walk(width: width, height: height)
    let channels = image.mode.channelCount
    let pixels = image.pixels.withUnsafeBufferPointer { source in
      [UInt8](unsafeUninitializedCapacity: source.count) { target, count in
        for y in 0..<newHeight {
          var from = channels * (walk.start + y * walk.rowStep)
          for to in stride(
            from: channels * y * newWidth, to: channels * (y + 1) * newWidth, by: channels)
          {
            for channel in 0..<channels { target[to + channel] = source[from + channel] }
            from += channels * walk.columnStep
          }
        }
        count = source.count
      }
    }
    return DecodedImage(width: newWidth, height: newHeight, mode: image.mode, pixels: pixels)
  }

  /// The way over the stored pixels that meets them in the order in which they were seen.
  private struct Walk {
    /// The stored place of the pixel at the top left.
    let start: Int
    /// From a pixel to the one seen right of it.
    let columnStep: Int
    /// From a pixel to the one seen below it.
    let rowStep: Int
  }

  private func walk(width: Int, height: Int) -> Walk {
    let (right, bottom) = (width - 1, (height - 1) * width)
    return switch self {
    case .mirrored: Walk(start: right, columnStep: -1, rowStep: width)
    case .upsideDown: Walk(start: bottom + right, columnStep: -1, rowStep: -width)
    case .flipped: Walk(start: bottom, columnStep: 1, rowStep: -width)
    case .transposed: Walk(start: 0, columnStep: width, rowStep: 1)
    case .turnedRight: Walk(start: bottom, columnStep: -width, rowStep: 1)
    case .transversed: Walk(start: bottom + right, columnStep: -width, rowStep: -1)
    case .turnedLeft: Walk(start: right, columnStep: width, rowStep: -1)
    }
  }

  /// The TIFF block of the first APP1 segment that begins with "Exif".
  private static func jpegBlock(_ bytes: [UInt8]) -> ArraySlice<UInt8>? {
    var position = 2
    while position + 4 <= bytes.count, bytes[position] == 0xFF {
      let marker = bytes[position + 1]
      // The scan follows: no more header.
      if marker == 0xDA || marker == 0xD9 { return nil }
      let length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
      let end = position + 2 + length
      guard length >= 2, end <= bytes.count else { return nil }
      let body = bytes[(position + 4)..<end]
      if marker == 0xE1, body.starts(with: Array("Exif\0\0".utf8)) { return body.dropFirst(6) }
      position = end
    }
    return nil
  }

  /// The body of a PNG's eXIf chunk.
  private static func pngBlock(_ bytes: [UInt8]) -> ArraySlice<UInt8>? {
    var position = 8
    while position + 12 <= bytes.count {
      let length = bytes[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
      let start = position + 8
      guard length <= bytes.count - start - 4 else { return nil }
      if bytes[(position + 4)..<start].elementsEqual("eXIf".utf8) {
        return bytes[start..<start + length]
      }
      position = start + length + 4
    }
    return nil
  }

  /// The body of a WebP's EXIF chunk.
  private static func webpBlock(_ bytes: [UInt8]) -> ArraySlice<UInt8>? {
    var position = 12
    while position + 8 <= bytes.count {
      let length = bytes[(position + 4)..<position + 8].reversed().reduce(0) { $0 << 8 | Int($1) }
      let start = position + 8
      guard length <= bytes.count - start else { return nil }
      if bytes[position..<position + 4].elementsEqual("EXIF".utf8) {
        let body = bytes[start..<start + length]
        return body.starts(with: Array("Exif\0\0".utf8)) ? body.dropFirst(6) : body
      }
      position = start + length + length % 2
    }
    return nil
  }

  /// The orientation entry of a TIFF block's first directory.
  private static func entry(in block: ArraySlice<UInt8>) -> Int? {
    let bytes = Array(block)
    guard bytes.count >= 8 else { return nil }
    let isLittle = bytes[0] == 0x49
    guard isLittle || bytes[0] == 0x4D else { return nil }
    func number(_ position: Int, _ count: Int) -> Int? {
      guard position >= 0, position <= bytes.count - count else { return nil }
      let part = bytes[position..<position + count]
      return isLittle
        ? part.reversed().reduce(0) { $0 << 8 | Int($1) } : part.reduce(0) { $0 << 8 | Int($1) }
    }
    guard let directory = number(4, 4), let count = number(directory, 2) else { return nil }
    for index in 0..<count {
      let entry = directory + 2 + 12 * index
      guard let tag = number(entry, 2) else { return nil }
      if tag == 0x0112 { return number(entry + 8, 2) }
    }
    return nil
  }
}
