import Foundation
import Models
import PairData

@testable import Training

/// A small locked tower and shards that it encodes.
struct EncodingTrial {
  let run: MiniatureRun
  let preparation: RunPreparation

  /// Pictures of the test shard, all of one length: what follows a PNG's end is not looked at.
  static let pictures: [[UInt8]] = {
    do {
      let path = MiniatureRun.data + "/noto-emoji/test.tar"
      let file = try FileHandle(forReadingFrom: URL(filePath: path))
      var reader = try TarReader(path: path)
      var pictures: [[UInt8]] = []
      while let member = try reader.next() {
        guard member.name.hasSuffix(".png") else { continue }
        try file.seek(toOffset: UInt64(member.offset))
        pictures.append(Array(try file.read(upToCount: Int(member.size)) ?? Data()))
      }
      let longest = pictures.map(\.count).max() ?? 0
      return pictures.map { $0 + [UInt8](repeating: 0, count: longest - $0.count) }
    } catch {
      preconditionFailure("the shipped shard: \(error)")
    }
  }()

  init(_ overrides: [String] = []) throws {
    run = try MiniatureRun()
    let locked = [
      #"model.train=["image/**: locked", "**: trained"]"#, "data.augmentation=none",
    ]
    preparation = try RunPreparation(try run.recipe(locked + overrides))
  }

  /// Writes a shard of some pictures, with a caption each. - Returns: its path.
  @discardableResult
  func write(
    _ pictures: [[UInt8]], to name: String = "own.tar", caption: (Int) -> String = { _ in "图" }
  ) throws -> String {
    var bytes: [UInt8] = []
    for (index, picture) in pictures.enumerated() {
      bytes += try TarWriter.member(name: "pair\(index).png", data: picture)
      bytes += try TarWriter.member(name: "pair\(index).txt", data: Array(caption(index).utf8))
    }
    bytes += TarWriter.end(afterBytes: Int64(bytes.count))
    let path = "\(run.folder)/\(name)"
    try Data(bytes).write(to: URL(filePath: path))
    return path
  }

  /// Overwrites a picture where it lies and sets the time of change back.
  func overwrite(picture index: Int, of shard: String, with picture: [UInt8]) throws {
    let before = try FileManager.default.attributesOfItem(atPath: shard)
    let member = try PairShard(path: shard).members(at: index)
    let file = try FileHandle(forUpdating: URL(filePath: shard))
    try file.seek(toOffset: UInt64(member.image?.offset ?? 0))
    try file.write(contentsOf: Data(picture))
    try file.close()
    try FileManager.default.setAttributes(
      [.modificationDate: before[.modificationDate] ?? Date()], ofItemAtPath: shard)
  }

  /// - Parameter stopAfter: blocks after which a signal comes.
  func encode(
    _ shards: [String], storage: EmbeddingCache.Storage = .files, damageLimit: Double = 0,
    view: Int? = nil, augmentation: Augmentation = .none, stopAfter: Int? = nil
  ) async throws -> (bits: [UInt32], embeddings: PictureEmbeddings, report: CachingReport) {
    var done = 0
    let loaded = preparation.loaded
    let preparation = loaded.description.preparation(augmentation: augmentation)
    let cache = EmbeddingCache(
      key: EmbeddingKey(
        loaded, weights: TowerDigest(imageOf: loaded), .unitVectors, preparation: preparation,
        view: view),
      width: loaded.model.configuration.embeddingWidth, storage: storage,
      stopSignal: { stopAfter.map { done >= $0 * EmbeddingBlock.rowLimit } == true ? 15 : nil },
      tell: { _ in }, refuse: { _ in })
    let encoder = PictureEncoder(
      try PictureEncoder.embedder(of: loaded), cache: cache, preparation: preparation, view: view,
      taskCount: 2)
    let pairs = try PairSet(patterns: shards, folder: "/")
    let (embeddings, report) = try await encoder.embeddings(of: pairs, damageLimit: damageLimit) {
      count, _ in done = count
    }
    return (embeddings.values.map(\.bitPattern), embeddings, report)
  }

  func captions(
    _ shards: [String], _ selector: String = "zh", storage: EmbeddingCache.Storage = .files,
    damageLimit: Double = 0
  ) async throws -> (embeddings: CaptionEmbeddings, report: CachingReport) {
    let loaded = preparation.loaded
    let selector = try CaptionSelector(selector)
    let encoder = try CaptionEncoder(
      loaded,
      cache: EmbeddingCache(
        key: EmbeddingKey(captionsOf: loaded, selector),
        width: loaded.model.configuration.embeddingWidth, storage: storage,
        stopSignal: { nil }, tell: { _ in }, refuse: { _ in }),
      selector: selector, taskCount: 2)
    let pairs = try PairSet(patterns: shards, folder: "/")
    return try await encoder.embeddings(of: pairs, damageLimit: damageLimit) { _, _ in }
  }

  /// The published cache files, in order.
  var files: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: run.cache)) ?? []
    return names.filter { $0.hasSuffix(".embeddings") }.sorted().map { "\(run.cache)/\($0)" }
  }

  func edit(_ path: String, _ body: (inout [UInt8]) -> Void) throws {
    var bytes = Array(try Data(contentsOf: URL(filePath: path)))
    body(&bytes)
    try Data(bytes).write(to: URL(filePath: path))
  }
}
