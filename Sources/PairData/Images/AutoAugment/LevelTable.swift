/// The new level for each of the 256 levels of a channel.
enum LevelTable {
  static let identity = (0...255).map { UInt8($0) }
  static let inverted = identity.map { 255 - $0 }

  static func posterized(keptBits: Int) -> [UInt8] {
    precondition((0...8).contains(keptBits), "\(keptBits) of 8 bits kept")
    let mask = UInt8(truncatingIfNeeded: 0xFF << (8 - keptBits))
    return identity.map { $0 & mask }
  }

  static func solarized(threshold: Int) -> [UInt8] {
    identity.map { Int($0) < threshold ? $0 : 255 - $0 }
  }

  /// The lowest level that occurs becomes 0, the highest 255.
  static func stretched(_ histogram: [Int]) -> [UInt8] {
    guard let lowest = histogram.firstIndex(where: { $0 > 0 }),
      let highest = histogram.lastIndex(where: { $0 > 0 }), lowest < highest
    else { return identity }
    let scale = 255 / Double(highest - lowest)
    let offset = -Double(lowest) * scale
    return identity.map { UInt8(min(max(Int(Double($0) * scale + offset), 0), 255)) }
  }

  /// Levels spread by the number of pixels below them, the highest level's pixels left out.
  static func equalized(_ histogram: [Int]) -> [UInt8] {
    let occurring = histogram.filter { $0 > 0 }
    let step = (occurring.reduce(0, +) - (occurring.last ?? 0)) / 255
    guard occurring.count > 1, step > 0 else { return identity }
    var below = step / 2
    return histogram.map { count in
      defer { below += count }
      return UInt8(min(below / step, 255))
    }
  }
}

extension DecodedImage {
  /// How often each level occurs, of R, G and B.
  var histograms: [[Int]] {
    var counts = [Int](repeating: 0, count: 3 * 256)
    pixels.withUnsafeBufferPointer { levels in
      for start in stride(from: 0, to: levels.count, by: 3) {
        for channel in 0..<3 { counts[256 * channel + Int(levels[start + channel])] += 1 }
      }
    }
    return (0..<3).map { Array(counts[256 * $0..<256 * ($0 + 1)]) }
  }

  func mapped(by table: [UInt8]) -> DecodedImage { mapped(by: [table, table, table]) }

  /// - Parameter tables: those of R, G and B.
  func mapped(by tables: [[UInt8]]) -> DecodedImage {
    let table = tables.flatMap(\.self)
    return rewritten { source, target in
      for start in stride(from: 0, to: source.count, by: 3) {
        for channel in 0..<3 {
          target[start + channel] = table[256 * channel + Int(source[start + channel])]
        }
      }
    }
  }

  /// A picture of the same size whose bytes `write` makes.
  func rewritten(
    _ write: (UnsafeBufferPointer<UInt8>, UnsafeMutableBufferPointer<UInt8>) -> Void
  ) -> DecodedImage {
    let bytes = pixels.withUnsafeBufferPointer { source in
      [UInt8](unsafeUninitializedCapacity: source.count) { target, count in
        write(source, target)
        count = source.count
      }
    }
    return DecodedImage(width: width, height: height, pixels: bytes)
  }
}
