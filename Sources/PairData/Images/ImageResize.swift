internal import CImageCodecs

extension DecodedImage {
  /// Both sides to `size`, as Chinese-CLIP resizes: the sides' ratio is not kept.
  ///
  /// Antialiased bicubic, bit for bit Pillow's up to version 12: horizontal, then vertical (the
  /// other way round where the height is over 100 widths), each pass rounded to 8 bits. Another
  /// mode is resized as Pillow does it, and then converted. A picture of that size is only
  /// converted. - Returns: RGB.
  public func resized(to size: Int) -> DecodedImage { resized(width: size, height: size) }

  /// The whole picture as large as a square of `side` holds it, its sides' ratio kept.
  func fitted(into side: Int) -> DecodedImage {
    let longer = max(width, height)
    return resized(
      width: max(1, (width * side + longer / 2) / longer),
      height: max(1, (height * side + longer / 2) / longer))
  }

  private func resized(width newWidth: Int, height newHeight: Int) -> DecodedImage {
    if width == newWidth, height == newHeight { return inRGB }
    let byteCount = newWidth * newHeight * 3
    let pixels = [UInt8](unsafeUninitializedCapacity: byteCount) { target, count in
      let status = dq_resize_in_mode(
        self.pixels, mode.code, Int64(width), Int64(height), target.baseAddress, Int64(newWidth),
        Int64(newHeight))
      precondition(status == dq_image_ok, "no memory to resize \(width) x \(height) pixels")
      count = byteCount
    }
    return DecodedImage(width: newWidth, height: newHeight, pixels: pixels)
  }

  /// A part of the picture, which lies inside it.
  func cropped(x: Int, y: Int, width: Int, height: Int) -> DecodedImage {
    let channels = mode.channelCount
    var part: [UInt8] = []
    part.reserveCapacity(width * height * channels)
    for row in y..<y + height {
      let start = channels * (row * self.width + x)
      part += pixels[start..<start + channels * width]
    }
    return DecodedImage(width: width, height: height, mode: mode, pixels: part)
  }

  /// The picture, which is RGB, with left and right exchanged.
  func mirrored() -> DecodedImage {
    precondition(mode == .rgb, "a picture of \(mode) is mirrored after its resize")
    let mirrored = pixels.withUnsafeBufferPointer { source in
      [UInt8](unsafeUninitializedCapacity: source.count) { target, count in
        for row in stride(from: 0, to: source.count, by: 3 * width) {
          for x in 0..<width {
            for channel in 0..<3 {
              target[row + 3 * x + channel] = source[row + 3 * (width - 1 - x) + channel]
            }
          }
        }
        count = source.count
      }
    }
    return DecodedImage(width: width, height: height, pixels: mirrored)
  }

  /// The picture, which is RGB, moved right and down; what leaves on one side comes back on the
  /// other.
  func rolled(x: Int, y: Int) -> DecodedImage {
    precondition(mode == .rgb, "a picture of \(mode) is rolled after its resize")
    var moved: [UInt8] = []
    moved.reserveCapacity(pixels.count)
    for row in 0..<height {
      let source = ((row - y) % height + height) % height
      let line = pixels[3 * source * width..<3 * (source + 1) * width]
      let cut = 3 * (((-x) % width + width) % width)
      moved += line[(line.startIndex + cut)...]
      moved += line[..<(line.startIndex + cut)]
    }
    return DecodedImage(width: width, height: height, pixels: moved)
  }
}
