import FileTestSupport
import Testing

@testable import PairData

/// Decoding and resizing give Pillow's pixels; see `Tests/Fixtures/images/make_image_fixtures.py`.
@Suite struct PillowPixelTests {
  @Test func `a picture of every kind decodes as a viewer shows it`() throws {
    let decoder = ImageDecoder()
    var all = PixelDifferences()
    let kinds = try ImageFixtures.kinds()
    #expect(kinds.count == 54)
    for kind in kinds {
      let image = try decoder.decode(try kind.bytes())
      #expect(image.width == kind.shownWidth && image.height == kind.shownHeight, "\(kind.file)")
      #expect(PixelDifferences.of(image, kind.shown).largest <= 1, "\(kind.file)")
      all.add(image.pixels, kind.shown)
    }
    #expect(all.equalShare >= 0.999)
  }

  @Test func `alpha and orientation can be ignored, as Chinese-CLIP ignores them`() throws {
    let decoder = ImageDecoder(
      options: ImageDecodingOptions(alpha: .dropped, orientation: .ignored))
    var all = PixelDifferences()
    for kind in try ImageFixtures.kinds() {
      let image = try decoder.decode(try kind.bytes()).inRGB
      #expect(image.width == kind.storedWidth && image.height == kind.storedHeight, "\(kind.file)")
      #expect(PixelDifferences.of(image, kind.stored).largest <= 1, "\(kind.file)")
      all.add(image.pixels, kind.stored)
    }
    #expect(all.equalShare >= 0.999)
  }

  @Test func `the kinds with alpha or an orientation are those that both options change`() throws {
    let changed = try ImageFixtures.kinds().filter { $0.shownImage != $0.storedImage }.map(\.file)
    let named = { (part: String) in changed.contains { $0.contains(part) } }
    for part in ["rgba", "grey_alpha", "key", "palette_alpha", "lossy_alpha", "lossless_alpha"] {
      #expect(named(part), "\(part)")
    }
    #expect(changed.filter { $0.hasPrefix("jpeg_orientation") }.count == 7)
  }

  @Test func `two hundred pictures of all kinds and shapes resize to Pillow's pixels`() throws {
    let shard = try RandomAccessFile(
      path: RepositoryFiles.root + "/Tests/Fixtures/images/generated.tar")
    var reader = try TarReader(file: shard)
    let decoder = ImageDecoder()
    let original = ImageDecoder(
      options: ImageDecodingOptions(alpha: .dropped, orientation: .ignored))
    var all = PixelDifferences()
    var sharp = 0
    let pictures = try ImageFixtures.generated()
    #expect(pictures.count == 200)
    for picture in pictures {
      let member = try #require(try reader.next())
      #expect(member.name.hasPrefix(picture.key))
      let bytes = try shard.bytes(at: member.offset, count: Int(member.size))
      let image = try decoder.decode(bytes)
      let place = "\(picture.key): \(picture.kind), \(picture.width) x \(picture.height)"
      #expect(image.width == picture.width && image.height == picture.height, "\(place)")
      let small = image.resized(to: 16)
      #expect(PixelDifferences.of(small, picture.pixels).largest <= 1, "\(place)")
      all.add(small.pixels, picture.pixels)
      let own = try original.decode(bytes).resized(to: 16)
      #expect(PixelDifferences.of(own, picture.original).largest <= 1, "in its mode, \(place)")
      all.add(own.pixels, picture.original)
      sharp += picture.original == picture.pixels ? 0 : 1
    }
    #expect(sharp > 80, "modes matter for \(sharp) pictures only")
    #expect(all.compared == 2 * 200 * 16 * 16 * 3)
    #expect(all.equalShare >= 0.999)
  }

  @Test func `resizes up and down, odd, thin and of one pixel are bit for bit Pillow's`() throws {
    let resizes = try ImageFixtures.resizes()
    #expect(resizes.count > 20)
    for resize in resizes {
      let image = ImageFixtures.noise(width: resize.width, height: resize.height)
      let digest = ContentDigest(image.resized(to: resize.size).pixels).hexadecimal
      #expect(
        digest == resize.sha256, "\(resize.width) x \(resize.height) to \(resize.size)")
    }
  }

  @Test func `prepared pixels are normalized with CLIP's numbers, channel by channel`() throws {
    let kind = try #require(try ImageFixtures.kinds().first { $0.file == "png_rgb.png" })
    let pixels = try ImagePreparation(size: 8).pixels(from: try kind.bytes())
    let small = kind.shownImage.resized(to: 8)
    #expect(pixels.count == 3 * 64)
    // The published numbers, not those of the code.
    let mean: [Float] = [0.48145466, 0.4578275, 0.40821073]
    let deviation: [Float] = [0.26862954, 0.26130258, 0.27577711]
    for index in 0..<192 {
      let (channel, place) = (index / 64, index % 64)
      let level = Float(small.pixels[3 * place + channel]) / 255
      #expect(abs(pixels[index] - (level - mean[channel]) / deviation[channel]) < 1e-6)
    }
  }
}
