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

  /// What Pillow makes of a computed picture.
  struct AutoAugmented: Decodable {
    let picture: String
    let width: Int
    let height: Int
    let operation: String
    let argument: Double
    let sha256: String

    func hasPicture(of other: AutoAugmented) -> Bool {
      picture == other.picture && width == other.width && height == other.height
    }

    /// The rules of `make_autoaugment_fixtures.py`.
    var source: DecodedImage {
      let noise = ImageFixtures.noise(width: width, height: height)
      let levels = noise.pixels.enumerated().map { index, level -> UInt8 in
        let (x, y, channel) = (index / 3 % width, index / 3 / width, index % 3)
        return switch picture {
        case "dim": 60 + level / 4
        case "steps": level & 0xC0
        case "ramp": UInt8((7 * x + 5 * y + 40 * channel) & 255)
        case "flat": UInt8(77 + 50 * channel)
        case "rare": level < 250 ? 9 : 240
        default: level
        }
      }
      return DecodedImage(width: width, height: height, pixels: levels)
    }

    var pictureOperation: PictureOperation? { ImageFixtures.operation(operation, argument) }
  }

  /// A step of a sub-policy, as often as it is done when that one is drawn.
  struct PolicyStep: Decodable {
    let operation: String
    let probability: Double
    let argument: Double
  }

  /// The operations that a step may become: turns and shears go either way.
  static func operations(_ step: PolicyStep) -> [PictureOperation] {
    let isSigned = ["rotate", "shearX"].contains(step.operation)
    return (isSigned ? [step.argument, -step.argument] : [step.argument]).compactMap {
      operation(step.operation, $0)
    }
  }

  private static func operation(_ name: String, _ argument: Double) -> PictureOperation? {
    switch name {
    case "rotate": .rotate(degrees: argument)
    case "shearX": .shearX(factor: argument)
    case "posterize": .posterize(keptBits: Int(argument))
    case "solarize": .solarize(threshold: Int(argument))
    case "invert": .invert
    case "autoContrast": .autoContrast
    case "equalize": .equalize
    case "color": .color(factor: Float(argument))
    case "contrast": .contrast(factor: Float(argument))
    case "sharpness": .sharpness(factor: Float(argument))
    default: nil
    }
  }

  static func autoAugment() throws -> [AutoAugmented] { try list("autoaugment.json") }
  static func autoAugmentPolicy() throws -> [[PolicyStep]] { try list("autoaugment_policy.json") }
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
