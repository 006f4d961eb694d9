import Testing

@testable import PairData

/// Bytes that are not a whole picture give a typed error in bounded time and memory.
@Suite struct HostileImageTests {
  /// What became of many broken files.
  private struct Outcomes {
    var decoded = 0
    var damaged = 0
    var other = 0

    var all: Int { decoded + damaged + other }
  }

  /// Decodes with a limit of a megapixel, so that a mutated header costs little.
  private func attempt(_ bytes: [UInt8], _ outcomes: inout Outcomes) {
    let decoder = ImageDecoder(options: ImageDecodingOptions(maximumPixels: 1 << 20))
    do {
      let image = try decoder.decode(bytes)
      #expect(image.pixels.count == image.width * image.height * 3)
      outcomes.decoded += 1
    } catch .damaged(_, let problem) {
      #expect(!problem.isEmpty)
      outcomes.damaged += 1
    } catch {
      outcomes.other += 1
    }
  }

  @Test func `a cut JPEG or WebP is never taken for whole`() throws {
    for kind in try ImageFixtures.kinds() where !kind.file.hasSuffix(".png") {
      // Behind a WebP's picture lie the orientation or later frames: a cut there loses no pixel.
      guard !kind.file.contains("webp_orientation"), !kind.file.contains("webp_animated") else {
        continue
      }
      let whole = try kind.bytes()
      var outcomes = Outcomes()
      for count in stride(from: 0, to: whole.count, by: 3) {
        attempt(Array(whole.prefix(count)), &outcomes)
      }
      #expect(outcomes.decoded == 0, "\(kind.file)")
    }
  }

  @Test func `a cut PNG decodes only where all its pixels are there`() throws {
    let decoder = ImageDecoder(options: .stored)
    for kind in try ImageFixtures.kinds() where kind.file.hasSuffix(".png") {
      let whole = try kind.bytes()
      let expected = try decoder.decode(whole)
      let dataEnd = try #require(Self.endOfPictureData(whole))
      for count in stride(from: 0, to: whole.count, by: 3) {
        guard let image = try? decoder.decode(Array(whole.prefix(count))) else { continue }
        // All that may be missing of the data is checksums, 4 bytes each of zlib's and PNG's.
        #expect(count >= dataEnd - 8, "\(kind.file)")
        #expect(image == expected, "\(kind.file)")
      }
    }
  }

  /// Where a PNG's last IDAT chunk ends.
  private static func endOfPictureData(_ bytes: [UInt8]) -> Int? {
    var (position, end) = (8, Int?.none)
    while position + 8 <= bytes.count {
      let length = bytes[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
      if bytes[(position + 4)..<position + 8].elementsEqual("IDAT".utf8) {
        end = position + 12 + length
      }
      position += 12 + length
    }
    return end
  }

  @Test(arguments: 0..<4)
  func `flipped, lost, doubled and overwritten bytes never crash`(seed: UInt64) throws {
    var random = CounterRandom(seed: seed, purpose: .augmentation, epoch: 0, pair: 0)
    var outcomes = Outcomes()
    for kind in try ImageFixtures.kinds() {
      let whole = try kind.bytes()
      for _ in 0..<20 {
        attempt(mutated(whole, using: &random), &outcomes)
      }
    }
    #expect(outcomes.all == 54 * 20)
    // Some damage is found, and some flips only change a pixel.
    #expect(outcomes.damaged > 300 && outcomes.decoded > 100)
  }

  /// A few changes, of which the first bytes, where the sizes are, get their share.
  private func mutated(_ whole: [UInt8], using random: inout CounterRandom) -> [UInt8] {
    var bytes = whole
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      let end = Bool.random(using: &random) ? bytes.count : min(64, bytes.count)
      let place = Int.random(in: 0..<end, using: &random)
      let length = min(Int.random(in: 1...9, using: &random), bytes.count - place)
      switch Int.random(in: 0..<5, using: &random) {
      case 0: bytes.removeSubrange(place..<place + length)
      case 1: bytes.insert(contentsOf: bytes[place..<place + length], at: place)
      case 2: bytes[place] = [0x00, 0x01, 0x7F, 0x80, 0xFF].randomElement(using: &random) ?? 0
      default: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      }
      if bytes.isEmpty { return bytes }
    }
    return bytes
  }

  @Test(arguments: [
    ("declares_60000_x_60000.png", 60000, 60000),
    ("declares_2147483647_x_1.png", 2_147_483_647, 1),
    ("declares_65500_x_65500.jpg", 65500, 65500),
    ("declares_16384_x_16384.webp", 16384, 16384),
    ("holds_1_x_1000001.png", 1, 1_000_001),
  ])
  func `a picture over the limits is refused by its header`(
    file: String, width: Int, height: Int
  ) throws {
    let bytes = try ImageFixtures.hostile(file)
    #expect(
      throws: ImageError.tooLarge(width: width, height: height, maximumPixels: 178_956_970)
    ) { try ImageDecoder().decode(bytes) }
  }

  @Test(arguments: [
    ("declares_13000_x_13000.jpg", ImageFormat.jpeg),
    ("declares_13000_x_13000_progressive.jpg", .jpeg),
    ("declares_13000_x_13000_interlaced.png", .png),
  ])
  func `a header within the limits without its data is damage`(
    file: String, format: ImageFormat
  ) throws {
    let bytes = try ImageFixtures.hostile(file)
    #expect {
      _ = try ImageDecoder().decode(bytes)
    } throws: { error in
      guard case .damaged(format, _) = error as? ImageError else { return false }
      return true
    }
  }

  @Test(arguments: [("holds_1_x_1000000.png", 1), ("holds_1000000_x_1.png", 1_000_000)])
  func `a picture a million times as long as wide is resized`(file: String, width: Int) throws {
    let image = try ImageDecoder().decode(try ImageFixtures.hostile(file))
    #expect(image.width == width && image.height == 1_000_000 / width)
    let small = image.resized(to: 224)
    #expect(small.pixels.allSatisfy { $0 == 0 })
  }

  @Test func `the area limit is the recipe's to set`() throws {
    let kind = try #require(try ImageFixtures.kinds().first)
    let area = kind.storedWidth * kind.storedHeight
    let bytes = try kind.bytes()
    #expect(throws: Never.self) {
      try ImageDecoder(options: ImageDecodingOptions(maximumPixels: area)).decode(bytes)
    }
    #expect(
      throws: ImageError.tooLarge(
        width: kind.storedWidth, height: kind.storedHeight, maximumPixels: area - 1)
    ) { try ImageDecoder(options: ImageDecodingOptions(maximumPixels: area - 1)).decode(bytes) }
  }

  @Test func `no bytes and bytes of something else are named as such`() {
    let decoder = ImageDecoder()
    #expect(throws: ImageError.empty) { try decoder.decode([]) }
    for text in ["<!DOCTYPE html><html>", "GIF89a\u{1}\u{0}", "BM", "RIFF\u{1}\u{0}\u{0}\u{0}WAVE"]
    {
      let bytes = Array(text.utf8)
      let error = ImageError.unknownFormat(firstBytes: Array(bytes.prefix(8)))
      #expect(throws: error) { try decoder.decode(bytes) }
    }
    let html = ImageError.unknownFormat(firstBytes: Array("<!DO".utf8))
    #expect(html.description.contains("3C 21 44 4F"))
  }

  @Test func `signatures without pictures are damage`() {
    for bytes in [
      [0xFF, 0xD8, 0xFF], [0xFF, 0xD8, 0xFF, 0xD9], Array("RIFF\u{4}\u{0}\u{0}\u{0}WEBP".utf8),
      [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A],
    ] as [[UInt8]] {
      #expect {
        _ = try ImageDecoder().decode(bytes)
      } throws: { error in
        guard case .damaged = error as? ImageError else { return false }
        return true
      }
    }
  }

  @Test func `an orientation that is cut short or absurd leaves the picture upright`() throws {
    let kind = try #require(try ImageFixtures.kinds().first { $0.file == "jpeg_orientation_6.jpg" })
    let whole = try kind.bytes()
    let start = try #require(
      whole.indices.first { whole[$0...].starts(with: Array("Exif\0\0".utf8)) })
    // The block's last 20 bytes are its entry and the end of its directory.
    for place in start..<start + 32 {
      for value in [0x00, 0x09, 0xFF] as [UInt8] {
        var bytes = whole
        bytes[place] = value
        let image = try ImageDecoder().decode(bytes)
        #expect(
          [kind.shownImage.pixels.count, kind.storedImage.pixels.count].contains(image.pixels.count)
        )
      }
    }
    var bytes = whole
    bytes[start + 6] = 0x58
    #expect(try ImageDecoder().decode(bytes).width == kind.storedWidth)
  }
}

extension ImageDecodingOptions {
  /// Pixels as they are stored.
  fileprivate static let stored = ImageDecodingOptions(alpha: .dropped, orientation: .ignored)
}
