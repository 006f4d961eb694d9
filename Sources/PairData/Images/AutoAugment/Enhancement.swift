/// Pictures between which enhancements move, as Pillow's ImageEnhance makes them.
extension DecodedImage {
  /// other + factor * (self - other), cut to whole levels: the picture itself at a factor of 1.
  func moved(awayFrom other: DecodedImage, factor: Float) -> DecodedImage {
    other.pixels.withUnsafeBufferPointer { origin in
      rewritten { source, target in
        for index in 0..<source.count {
          let from = Int(origin[index])
          let level = Float(from) + factor * Float(Int(source[index]) - from)
          target[index] = level <= 0 ? 0 : level >= 255 ? 255 : UInt8(level)
        }
      }
    }
  }

  /// Its luma, in all three channels.
  var grey: DecodedImage {
    rewritten { source, target in
      for start in stride(from: 0, to: source.count, by: 3) {
        let luma = DecodedImage.luma(source, at: start)
        for channel in 0..<3 { target[start + channel] = luma }
      }
    }
  }

  /// The mean of its luma, everywhere.
  var meanGrey: DecodedImage {
    let sum = pixels.withUnsafeBufferPointer { source in
      stride(from: 0, to: source.count, by: 3).reduce(0) {
        $0 + Int(DecodedImage.luma(source, at: $1))
      }
    }
    let mean = UInt8(Double(sum) / Double(width * height) + 0.5)
    return DecodedImage(
      width: width, height: height, pixels: [UInt8](repeating: mean, count: pixels.count))
  }

  /// Each pixel mixed with its eight neighbours, itself five times; the border is kept.
  var smoothed: DecodedImage {
    rewritten { source, target in
      for index in 0..<source.count { target[index] = source[index] }
      let row = 3 * width
      for y in 0..<max(height - 2, 0) {
        for index in (y + 1) * row + 3..<max((y + 2) * row - 3, (y + 1) * row + 3) {
          var sum = 4 * Int(source[index])
          for line in [index - row, index, index + row] {
            sum += Int(source[line - 3]) + Int(source[line]) + Int(source[line + 3])
          }
          // sum / 13, rounded; no sum lies in the middle between two.
          target[index] = UInt8((2 * sum + 13) / 26)
        }
      }
    }
  }

  /// Of BT.601, in integers.
  private static func luma(_ levels: UnsafeBufferPointer<UInt8>, at start: Int) -> UInt8 {
    let (red, green, blue) = (
      Int(levels[start]), Int(levels[start + 1]), Int(levels[start + 2])
    )
    return UInt8((19595 * red + 38470 * green + 7471 * blue + 32768) >> 16)
  }
}
