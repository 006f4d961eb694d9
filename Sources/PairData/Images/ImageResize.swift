internal import CImageCodecs

extension DecodedImage {
  /// Both sides to `size`, as Chinese-CLIP resizes: the sides' ratio is not kept.
  ///
  /// Antialiased bicubic, bit for bit Pillow's up to version 12: horizontal, then vertical, each
  /// pass rounded to 8 bits. A picture of that size is returned unchanged.
  public func resized(to size: Int) -> DecodedImage {
    if width == size, height == size { return self }
    let pixels = [UInt8](unsafeUninitializedCapacity: size * size * 3) { target, count in
      let status = dq_resize_bicubic(
        self.pixels, Int64(width), Int64(height), target.baseAddress, Int64(size), Int64(size))
      precondition(status == dq_image_ok, "no memory to resize \(width) x \(height) pixels")
      count = size * size * 3
    }
    return DecodedImage(width: size, height: size, pixels: pixels)
  }

  /// A part of the picture, which lies inside it.
  func cropped(x: Int, y: Int, width: Int, height: Int) -> DecodedImage {
    var part: [UInt8] = []
    part.reserveCapacity(width * height * 3)
    for row in y..<y + height {
      let start = 3 * (row * self.width + x)
      part += pixels[start..<start + 3 * width]
    }
    return DecodedImage(width: width, height: height, pixels: part)
  }

  /// The picture moved right and down, what leaves on one side coming back on the other.
  func rolled(x: Int, y: Int) -> DecodedImage {
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
