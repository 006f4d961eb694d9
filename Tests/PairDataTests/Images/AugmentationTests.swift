import Testing

@testable import PairData

@Suite struct AugmentationTests {
  private func random(_ pair: Int) -> CounterRandom {
    CounterRandom(seed: 5, purpose: .augmentation, epoch: 0, pair: pair)
  }

  @Test(arguments: [(1, 1), (1, 400), (400, 1), (3, 90), (31, 17), (64, 64)])
  func `a crop of any shape gives the size asked for`(width: Int, height: Int) {
    let image = ImageFixtures.noise(width: width, height: height)
    let crop = Augmentation.crop(minimumArea: 0.05, maximumArea: 1)
    for pair in 0..<40 {
      var random = random(pair)
      let seen = crop.apply(to: image, size: 8, using: &random)
      #expect(seen.width == 8 && seen.height == 8)
    }
  }

  @Test func `a crop is a part of the picture, of the share of its area that was asked for`() {
    // Red grows with x, green with y, so that the corners tell where a part lies.
    let image = DecodedImage(
      width: 200, height: 200,
      pixels: (0..<40_000).flatMap { [UInt8($0 % 200), UInt8($0 / 200), 0] })
    let crop = Augmentation.crop(minimumArea: 0.25, maximumArea: 0.36)
    var corners: Set<[UInt8]> = []
    for pair in 0..<60 {
      var random = random(pair)
      let seen = crop.apply(to: image, size: 100, using: &random)
      let last = Array(seen.pixels.suffix(3))
      let (across, down) = (
        Int(last[0]) - Int(seen.pixels[0]), Int(last[1]) - Int(seen.pixels[1])
      )
      // One pixel of rounding on each side of parts of 0.25 to 0.36 of the area.
      #expect((86...142).contains(across) && (86...142).contains(down))
      #expect((97 * 97...121 * 121).contains((across + 2) * (down + 2)))
      corners.insert(Array(seen.pixels.prefix(2)))
    }
    #expect(corners.count > 50)
  }

  @Test func `a roll moves what leaves on one side to the other`() {
    let image = ImageFixtures.noise(width: 12, height: 12)
    let rolled = image.rolled(x: 2, y: -3)
    for (x, y) in [(0, 0), (1, 11), (5, 5), (11, 8)] {
      let (from, to) = (3 * (12 * y + x), 3 * (12 * ((y + 9) % 12) + (x + 2) % 12))
      #expect(image.pixels[from..<from + 3] == rolled.pixels[to..<to + 3])
    }
    var moved: Set<[UInt8]> = []
    for pair in 0..<300 {
      var random = random(pair)
      let seen = Augmentation.roll(maximumPixels: 1).apply(to: image, size: 12, using: &random)
      #expect(seen.pixels.sorted() == image.pixels.sorted())
      moved.insert(seen.pixels)
    }
    #expect(moved.count == 9)
  }
}
