import Testing

@testable import PairData

/// AutoAugment's operations give Pillow's pixels; see `make_autoaugment_fixtures.py`.
@Suite struct AutoAugmentTests {
  @Test func `every operation is bit for bit Pillow's, for all arguments of the policy`() throws {
    let results = try ImageFixtures.autoAugment()
    #expect(results.count > 500)
    var seen: Set<PictureOperation> = []
    var image: (result: ImageFixtures.AutoAugmented, picture: DecodedImage)?
    for result in results {
      let picture =
        image.flatMap { $0.result.hasPicture(of: result) ? $0.picture : nil }
        ?? result.source
      image = (result, picture)
      let operation = try #require(result.pictureOperation)
      let digest = ContentDigest(operation.applied(to: picture).pixels).hexadecimal
      #expect(
        digest == result.sha256,
        "\(operation) of \(result.picture), \(result.width) x \(result.height)")
      seen.insert(operation)
    }
    for step in try ImageFixtures.autoAugmentPolicy().joined() {
      #expect(seen.isSuperset(of: ImageFixtures.operations(step)), "\(step)")
    }
  }

  @Test func `sub-policies and their arguments are timm's`() throws {
    let policy = try ImageFixtures.autoAugmentPolicy()
    #expect(policy.count == 25 && AutoAugmentPolicy.subPolicies.count == 25)
    for (own, timms) in zip(AutoAugmentPolicy.subPolicies, policy) {
      #expect(timms.count == 2)
      for (step, expected) in zip([own.first, own.second], timms) {
        #expect(step.probability == expected.probability, "\(step)")
        let operations = Set([false, true].map { step.operation(isNegative: $0) })
        #expect(operations == Set(ImageFixtures.operations(expected)), "\(step)")
      }
    }
  }

  @Test func `sub-policies are drawn alike, their steps as often as timm's`() throws {
    let draws = 20_000
    var counts: [PictureOperation: Int] = [:]
    var expected: [PictureOperation: Double] = [:]
    for pair in 0..<draws {
      var random = CounterRandom(seed: 9, purpose: .augmentation, epoch: 0, pair: pair)
      let operations = AutoAugmentPolicy.operations(using: &random)
      #expect(operations.count <= 2)
      for operation in operations { counts[operation, default: 0] += 1 }
    }
    for step in try ImageFixtures.autoAugmentPolicy().joined() where step.probability > 0 {
      let operations = ImageFixtures.operations(step)
      for operation in operations {
        let share = step.probability / Double(25 * operations.count)
        expected[operation, default: 0] += Double(draws) * share
      }
    }
    #expect(Set(counts.keys) == Set(expected.keys))
    for (operation, mean) in expected {
      let found = Double(counts[operation] ?? 0)
      // Six deviations of a count of independent draws.
      #expect(abs(found - mean) < 6 * mean.squareRoot(), "\(operation): \(found), \(mean)")
    }
  }

  @Test func `a draw depends on the seed, the epoch and the pair alone`() {
    let image = ImageFixtures.noise(width: 40, height: 31)
    func seen(seed: UInt64 = 3, epoch: Int, pair: Int) -> DecodedImage {
      var random = CounterRandom(seed: seed, purpose: .augmentation, epoch: epoch, pair: pair)
      return Augmentation.chineseCLIP.apply(to: image, size: 24, using: &random)
    }
    let places = (0..<6).flatMap { epoch in (0..<6).map { (epoch, $0) } }
    let forwards = places.map { seen(epoch: $0.0, pair: $0.1) }
    let backwards = places.reversed().map { seen(epoch: $0.0, pair: $0.1) }
    #expect(forwards == backwards.reversed())
    #expect(Set(forwards.map(\.pixels)).count > 30)
    #expect(seen(seed: 4, epoch: 0, pair: 0) != forwards[0])
  }

  @Test func `half of the pictures are mirrored, and all are cut to nine tenths or more`() {
    // Red grows to the right, below all thresholds.
    let image = DecodedImage(
      width: 100, height: 100, pixels: (0..<10_000).flatMap { [UInt8($0 % 100 / 2), 30, 20] })
    var (mirrored, plain) = (0, 0)
    for pair in 0..<300 {
      var random = CounterRandom(seed: 1, purpose: .augmentation, epoch: 0, pair: pair)
      let seen = Augmentation.chineseCLIP.apply(to: image, size: 25, using: &random)
      #expect(seen.width == 25 && seen.height == 25 && seen.mode == .rgb)
      let reds = stride(from: 0, to: 75, by: 3).map { Int(seen.pixels[$0]) }
      // Neither turned, inverted nor folded: blue is as it was, and red still grows or falls.
      guard [2, 74, 1874].allSatisfy({ seen.pixels[$0] == 20 }) else { continue }
      guard reds == reds.sorted() || reds == reds.sorted(by: >) else { continue }
      #expect(abs(reds[24] - reds[0]) >= 40)
      if reds[24] < reds[0] { mirrored += 1 } else { plain += 1 }
    }
    #expect(plain + mirrored > 60)
    #expect(abs(plain - mirrored) < 40)
  }
}
