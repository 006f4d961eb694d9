import CPUDevice
import Foundation
import Models
import PairData
import Testing

@testable import Training

struct PictureEncoderTests {
  @Test func `embeddings have the same bits whether they are read or computed`() async throws {
    let trial = try EncodingTrial()
    defer { trial.run.remove() }
    let computed = try await trial.encode([trial.run.shard], storage: .memoryOnly)
    #expect(!FileManager.default.fileExists(atPath: trial.run.cache))
    let first = try await trial.encode([trial.run.shard])
    let second = try await trial.encode([trial.run.shard])
    #expect(computed.bits.count == 147 * 16 && Set(computed.bits).count > 2_000)
    #expect(first.bits == computed.bits && second.bits == computed.bits)
    #expect(first.report.encodedCount == 147 && first.report.reusedCount == 0)
    #expect(second.report.encodedCount == 0 && second.report.reusedCount == 147)
    #expect(second.report.problems == [] && second.report.folders == [trial.run.cache])
    #expect(trial.files.count == 1)
  }

  /// Only the damaged blocks are computed, between others that are read.
  @Test(arguments: [[0], [2], [4], [1, 3], [0, 1, 2, 3, 4]])
  func `damaged blocks alone are encoded again, to the same bits`(blocks: [Int]) async throws {
    let trial = try EncodingTrial()
    defer { trial.run.remove() }
    let first = try await trial.encode([trial.run.shard])
    let path = try #require(trial.files.first)
    let whole = try Data(contentsOf: URL(filePath: path))
    let header = try EmbeddingFile(path).header
    try trial.edit(path) { bytes in
      for block in blocks { bytes[header.place(ofBlock: block).lowerBound + 900] ^= 4 }
    }
    let second = try await trial.encode([trial.run.shard])
    let count = blocks.reduce(0) { $0 + EmbeddingBlock.rows(ofBlock: $1, of: 147).count }
    #expect(second.bits == first.bits)
    #expect(second.report.encodedCount == count && second.report.reusedCount == 147 - count)
    #expect(second.report.problems.count == 1)
    #expect(
      second.report.problems[0].contains("\(blocks.count) of 5 blocks are damaged, the first is"))
    #expect(try Data(contentsOf: URL(filePath: path)) == whole)
  }

  @Test func `a truncated file keeps its whole blocks, a foreign one nothing`() async throws {
    let trial = try EncodingTrial()
    defer { trial.run.remove() }
    let first = try await trial.encode([trial.run.shard])
    let path = try #require(trial.files.first)
    let end = try EmbeddingFile(path).header.place(ofBlock: 2).upperBound
    try trial.edit(path) { $0.removeSubrange((end - 1)...) }
    let cut = try await trial.encode([trial.run.shard])
    #expect(cut.bits == first.bits && cut.report.reusedCount == 64)
    #expect(cut.report.problems.first?.contains("it is truncated") == true)
    try trial.edit(path) { $0 = Array("something else".utf8) }
    let foreign = try await trial.encode([trial.run.shard])
    #expect(foreign.bits == first.bits && foreign.report.reusedCount == 0)
    #expect(foreign.report.problems.first?.hasPrefix(path + ": it has 14 bytes") == true)
    #expect(try await trial.encode([trial.run.shard]).report.reusedCount == 147)
  }

  @Test func `a picture that was overwritten is encoded again, whatever its date`() async throws {
    let trial = try EncodingTrial()
    defer { trial.run.remove() }
    let shard = try trial.write(EncodingTrial.pictures)
    let first = try await trial.encode([shard])
    try trial.overwrite(picture: 70, of: shard, with: EncodingTrial.pictures[3])
    let second = try await trial.encode([shard])
    #expect(second.report.encodedCount == 32 && second.report.reusedCount == 115)
    #expect(
      second.report.problems.first?.contains(
        "the shard was written since; those of 1 of 5 blocks are others") == true)
    let row = { (bits: [UInt32], pair: Int) in Array(bits[pair * 16..<(pair + 1) * 16]) }
    #expect(row(second.bits, 70) != row(first.bits, 70))
    #expect((0..<147).allSatisfy { $0 == 70 || row(first.bits, $0) == row(second.bits, $0) })
    #expect(second.bits == (try await trial.encode([shard], storage: .memoryOnly)).bits)
    #expect(try await trial.encode([shard]).report.problems == [])
  }

  @Test func `a shard that was only touched, or grew, loses nothing`() async throws {
    let trial = try EncodingTrial()
    defer { trial.run.remove() }
    let pictures = EncodingTrial.pictures
    let shard = try trial.write(Array(pictures[..<70]))
    _ = try await trial.encode([shard])
    // Removed and written again: another file with the same pictures.
    try FileManager.default.removeItem(atPath: shard)
    try trial.write(Array(pictures[..<70]))
    let touched = try await trial.encode([shard])
    #expect(touched.report.encodedCount == 0)
    #expect(touched.report.problems.first?.contains("its contents are the same") == true)
    #expect(try await trial.encode([shard]).report.problems == [])
    try trial.write(Array(pictures[..<100]))
    let grown = try await trial.encode([shard])
    #expect(grown.report.reusedCount == 64 && grown.report.encodedCount == 36)
    #expect(grown.report.problems.first?.contains("has 100 rows, not 70") == true)
    #expect(grown.bits == (try await trial.encode([shard], storage: .memoryOnly)).bits)
  }

  @Test func `another shard is encoded alone, and no shard moves another's bits`() async throws {
    let trial = try EncodingTrial()
    defer { trial.run.remove() }
    let own = try trial.write(Array(EncodingTrial.pictures[..<40]))
    let first = try await trial.encode([trial.run.shard])
    let both = try await trial.encode([own, trial.run.shard])
    #expect(both.report.encodedCount == 40 && both.report.reusedCount == 147)
    #expect(Array(both.bits[(40 * 16)...]) == first.bits)
    #expect(trial.files.count == 2)
  }

  @Test func `what was encoded before a signal is not encoded again`() async throws {
    let trial = try EncodingTrial()
    defer { trial.run.remove() }
    let error = await #expect(throws: ModelError.self) {
      try await trial.encode([trial.run.shard], stopAfter: 2)
    }
    guard case .interrupted(15)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(trial.files == [])
    let rest = try await trial.encode([trial.run.shard])
    #expect(rest.report.reusedCount == 64 && rest.report.encodedCount == 83)
    let computed = try await trial.encode([trial.run.shard], storage: .memoryOnly)
    #expect(rest.bits == computed.bits)
    #expect(try await trial.encode([trial.run.shard]).report.reusedCount == 147)
  }

  @Test func `an unfinished file that is damaged is gone on with where it is good`() async throws {
    let trial = try EncodingTrial()
    defer { trial.run.remove() }
    _ = try? await trial.encode([trial.run.shard], stopAfter: 4)
    let names = try FileManager.default.contentsOfDirectory(atPath: trial.run.cache)
    let partial = try #require(names.first { $0.hasSuffix(".partial") })
    let path = "\(trial.run.cache)/\(partial)"
    let header = try EmbeddingFile(path).header
    try trial.edit(path) { $0[header.place(ofBlock: 1).lowerBound] ^= 1 }
    let rest = try await trial.encode([trial.run.shard])
    // Blocks 0, 2 and 3 are good.
    #expect(rest.report.reusedCount == 96)
    let computed = try await trial.encode([trial.run.shard], storage: .memoryOnly)
    #expect(rest.bits == computed.bits)
    #expect(try EmbeddingFile(try #require(trial.files.first)).problem == nil)
  }

  @Test func `a picture that cannot be read is named each time and moves no other's bits`()
    async throws
  {
    let trial = try EncodingTrial()
    defer { trial.run.remove() }
    var pictures = Array(EncodingTrial.pictures[..<50])
    let good = try await trial.encode([try trial.write(pictures)], storage: .memoryOnly)
    pictures[33] = [UInt8](repeating: 7, count: pictures[33].count)
    let shard = try trial.write(pictures)
    await #expect(throws: ModelError.self) { try await trial.encode([shard]) }
    let first = try await trial.encode([shard], damageLimit: 0.1)
    let second = try await trial.encode([shard], damageLimit: 0.1)
    #expect(second.report.reusedCount == 50)
    for result in [first, second] {
      #expect(result.embeddings.damaged.map(\.pair) == [33])
      #expect(result.embeddings.damaged.first?.key == "pair33")
      #expect(result.bits[33 * 16..<34 * 16].allSatisfy { $0 == 0 })
      #expect(result.bits[..<(33 * 16)] == good.bits[..<(33 * 16)])
      #expect(result.bits[(34 * 16)...] == good.bits[(34 * 16)...])
    }
  }

  /// As another version may have left it, or a process that had no memory for the picture.
  @Test func `a picture that a file calls unreadable and that can be read is encoded again`()
    async throws
  {
    let trial = try EncodingTrial()
    defer { trial.run.remove() }
    let shard = try trial.write(Array(EncodingTrial.pictures[..<50]))
    let good = try await trial.encode([shard])
    let path = try #require(trial.files.first)
    let whole = try Data(contentsOf: URL(filePath: path))
    let file = try EmbeddingFile(path)
    let block = try #require(file.blocks[1])
    let wrong = EmbeddingBlock(
      digests: block.digests, isReadable: (0..<block.count).map { $0 != 1 }, values: block.values)
    try trial.edit(path) { bytes in
      bytes.replaceSubrange(
        file.header.place(ofBlock: 1), with: wrong.bytes(number: 1, key: file.header.key.digest))
    }
    let second = try await trial.encode([shard])
    #expect(second.bits == good.bits && second.embeddings.damaged == [])
    #expect(second.report.encodedCount == 18 && second.report.reusedCount == 32)
    #expect(
      second.report.problems == [
        "\(path): pictures of 1 of 2 blocks could not be read when it was written and can be now"
      ])
    #expect(try Data(contentsOf: URL(filePath: path)) == whole)
    let third = try await trial.encode([shard])
    #expect(third.report.reusedCount == 50 && third.report.problems == [])
  }

  @Test func `views differ, follow from the picture alone, and are read like others`() async throws
  {
    let trial = try EncodingTrial()
    defer { trial.run.remove() }
    let pictures = EncodingTrial.pictures
    let shard = try trial.write(Array(pictures[..<40]))
    let roll = Augmentation.roll(maximumPixels: 5)
    let plain = try await trial.encode([shard])
    let views = [
      try await trial.encode([shard], view: 0, augmentation: roll),
      try await trial.encode([shard], view: 1, augmentation: roll),
    ]
    #expect(Set([plain.bits, views[0].bits, views[1].bits]).count == 3)
    #expect(trial.files.count == 3)
    let again = try await trial.encode([shard], view: 1, augmentation: roll)
    #expect(again.report.reusedCount == 40 && again.bits == views[1].bits)
    // In another place of another shard.
    let other = try trial.write(Array(pictures[8..<40]), to: "other.tar")
    let moved = try await trial.encode([other], view: 1, augmentation: roll)
    #expect(moved.bits[..<(24 * 16)] == views[1].bits[(8 * 16)..<(32 * 16)])
  }

  @Test func `captions have the same bits whether they are read or computed`() async throws {
    let trial = try EncodingTrial()
    defer { trial.run.remove() }
    let shard = trial.run.shard
    let all = Array(0..<147)
    let computed = try await trial.captions([shard], storage: .memoryOnly)
    let first = try await trial.captions([shard])
    let second = try await trial.captions([shard])
    #expect(first.report.count > 147 && first.report.encodedCount == first.report.count)
    #expect(second.report.reusedCount == first.report.count && second.report.encodedCount == 0)
    let bits = computed.embeddings.rows(all).map(\.bitPattern)
    #expect(bits.count == first.report.count * 16)
    for result in [first, second] { #expect(result.embeddings.rows(all).map(\.bitPattern) == bits) }
    let zeros = Array(repeating: 0, count: 147)
    let named = try await trial.captions([shard], "zh:first")
    #expect(named.report.encodedCount == 147)
    #expect(
      zip(named.embeddings.rows(all), first.embeddings.rows(all, captions: zeros))
        .allSatisfy { abs($0 - $1) < 1e-5 })
    // Other captions, as many of them, are other embeddings.
    let own = try trial.write(Array(EncodingTrial.pictures[..<3]))
    let before = try await trial.captions([own], "txt")
    try trial.edit(own) { bytes in
      let caption = Array("图".utf8)
      let place = bytes.indices.dropLast(3).first { bytes[$0..<$0 + 3].elementsEqual(caption) }
      bytes.replaceSubrange(place!..<place! + 3, with: Array("文".utf8))
    }
    let after = try await trial.captions([own], "txt")
    #expect(after.report.encodedCount == 3)
    #expect(after.embeddings.rows([0]) != before.embeddings.rows([0]))
  }

  @Test func `whatever changes an embedding changes the key, and nothing else does`() throws {
    func loaded(_ overrides: String...) throws -> LoadedModel {
      let trial = try EncodingTrial(overrides)
      trial.run.remove()
      return trial.preparation.loaded
    }
    func key(_ loaded: LoadedModel) -> EmbeddingKey {
      EmbeddingKey(
        loaded, weights: TowerDigest(imageOf: loaded), .unitVectors,
        preparation: loaded.description.preparation())
    }
    let model = try loaded()
    let own = key(model)
    #expect(own == key(try loaded("batch.pairs=20", "data.context_length=9")))
    let preparation = model.description.preparation()
    let weights = TowerDigest(imageOf: model)
    var other = [
      EmbeddingKey(model, weights: weights, .features, preparation: preparation),
      key(try loaded("seed=4")),
      EmbeddingKey(
        model, weights: weights, .unitVectors, imagesPerChunk: 8, preparation: preparation),
      key(
        try loaded(
          "model.configuration.image={size: 24, patch: 8, width: 32, depth: 1, head_width: 16}")),
      key(try loaded("data.alpha=dropped")), key(try loaded("data.exif_orientation=ignored")),
    ]
    let normalizations: [ImagePreparation.Normalization] = [
      .init(mean: [0.5, 0.4, 0.4], deviation: [0.2, 0.2, 0.2]),
      .init(mean: [0.4, 0.4, 0.4], deviation: [0.2, 0.2, 0.3]),
    ]
    for normalization in normalizations {
      other.append(
        EmbeddingKey(
          model, weights: weights, .unitVectors,
          preparation: ImagePreparation(
            size: 16, normalization: normalization)))
    }
    let rounded = try loaded("precision=bfloat16")
    if rounded.device.products == .bfloat16 { other.append(key(rounded)) }
    // What computes; that another level is another file is in the command's tests.
    for part in [InstructionSet.current.rawValue, CPUDevice.openBLASName] {
      #expect(own.text.contains("\"\(part)\""))
    }
    // One number of the tower, by its last bit; one of the other tower changes nothing.
    let text = model.parameters.storage(of: "text/embeddings/positions")
    text[0] = text[0].nextUp
    #expect(key(model) == own)
    let positions = model.parameters.storage(of: "image/positions")
    positions[5] = positions[5].nextUp
    other.append(key(model))
    #expect(Set(other.map(\.name)).count == other.count)
    #expect(!other.contains(own))
  }
}
