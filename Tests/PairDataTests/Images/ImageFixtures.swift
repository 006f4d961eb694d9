import FileTestSupport
import Foundation

@testable import PairData

/// The pictures in `Tests/Fixtures/images` and what Pillow makes of them.
enum ImageFixtures {
  /// A small picture of one kind, as a viewer shows it and as it is stored.
  struct Kind: Decodable {
    let file: String
    let shown: Data
    let shownWidth: Int
    let shownHeight: Int
    let stored: Data
    let storedWidth: Int
    let storedHeight: Int

    func bytes() throws -> [UInt8] { try RepositoryFiles.fixture("images/kinds/\(file)") }

    var shownImage: DecodedImage {
      DecodedImage(width: shownWidth, height: shownHeight, pixels: Array(shown))
    }

    var storedImage: DecodedImage {
      DecodedImage(width: storedWidth, height: storedHeight, pixels: Array(stored))
    }
  }

  /// A picture of `generated.tar` at 16 x 16: as a viewer shows it, and in its file's own mode.
  struct Generated: Decodable {
    let key: String
    let kind: String
    let width: Int
    let height: Int
    let pixels: Data
    let original: Data
  }

  /// The digest of a resized noise.
  struct Resize: Decodable {
    let width: Int
    let height: Int
    let size: Int
    let sha256: String
  }

  static func kinds() throws -> [Kind] { try list("kinds.json") }
  static func generated() throws -> [Generated] { try list("generated.json") }
  static func resizes() throws -> [Resize] { try list("resizes.json") }

  static func hostile(_ file: String) throws -> [UInt8] {
    try RepositoryFiles.fixture("images/hostile/\(file)")
  }

  /// The noise of `make_image_fixtures.py`: a hash of the place.
  static func noise(width: Int, height: Int) -> DecodedImage {
    let pixels = [UInt8](unsafeUninitializedCapacity: width * height * 3) { pixels, count in
      for index in 0..<width * height * 3 {
        let (x, y, channel) = (index / 3 % width, index / 3 / width, index % 3)
        var value =
          UInt32(truncatingIfNeeded: x) &* 0x9E37_79B1 ^ UInt32(truncatingIfNeeded: y)
          &* 0x85EB_CA77 ^ UInt32(truncatingIfNeeded: channel) &* 0xC2B2_AE3D
        value ^= value >> 15
        value = value &* 0x2C1B_3C6D
        value ^= value >> 12
        pixels[index] = UInt8(value & 255)
      }
      count = width * height * 3
    }
    return DecodedImage(width: width, height: height, pixels: pixels)
  }

  private static func list<Entry: Decodable>(_ file: String) throws -> [Entry] {
    try JSONDecoder().decode(
      [Entry].self, from: Data(try RepositoryFiles.fixture("images/\(file)")))
  }
}

/// How far the pixels of pictures are from the expected ones.
struct PixelDifferences {
  private(set) var largest = 0
  private(set) var compared = 0
  private(set) var unequal = 0

  var equalShare: Double { 1 - Double(unequal) / Double(max(compared, 1)) }

  mutating func add(_ found: some Collection<UInt8>, _ expected: some Collection<UInt8>) {
    compared += found.count
    for (one, other) in zip(found, expected) where one != other {
      largest = max(largest, abs(Int(one) - Int(other)))
      unequal += 1
    }
  }

  mutating func add(_ other: PixelDifferences) {
    largest = max(largest, other.largest)
    compared += other.compared
    unequal += other.unequal
  }

  static func of(_ found: DecodedImage, _ expected: some Collection<UInt8>) -> PixelDifferences {
    of(found.pixels, Array(expected))
  }

  /// Quick where all are equal, as most are.
  static func of(_ found: [UInt8], _ expected: [UInt8]) -> PixelDifferences {
    var differences = PixelDifferences()
    if found == expected {
      differences.compared = found.count
    } else {
      differences.add(found, expected)
    }
    return differences
  }
}
