import FileTestSupport
import Foundation
import Testing

/// The recipes for Chinese-CLIP's data sets, unchanged, on stand-ins for the data and the weights.
@Suite struct ShippedRecipeTests {
  private static let recipes = RepositoryFiles.root + "/recipes"

  /// What the recipes expect around them: a checkpoint with an untrained tiny model, and shards of
  /// one tiny picture with many captions.
  private static func standIns() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try folder.write([], to: "checkpoints/.made")
    try TinyCheckpoint.write(
      to: folder, name: "checkpoints/chinese_clip_vit_b16.h5", positionCount: 52)
    let picture = try #require(try SampleShard.pictures(1).first)
    for set in ["muge", "flickr30k-cn", "coco-cn"] {
      for (split, count) in [("train", 1100), ("valid", 3)] {
        for part in 0..<2 {
          try SampleShard.write(
            (0..<count).map { (key: "\(part)-\($0)", picture: picture, text: "图\($0)\n画") },
            to: folder, name: "data/\(set)/\(split)-000\(part).tar")
        }
      }
    }
    for name in try FileManager.default.contentsOfDirectory(atPath: recipes) {
      guard name.hasSuffix(".yaml") || name.hasSuffix(".sh") else { continue }
      try folder.write(
        Array(try Data(contentsOf: URL(filePath: "\(recipes)/\(name)"))), to: "recipes/\(name)")
    }
    return folder
  }

  @Test func `all six pass a dry run as they stand`() throws {
    let folder = try Self.standIns()
    for set in ["muge", "flickr30k_cn", "coco_cn"] {
      for kind in ["locked", "full"] {
        let outcome = try DuiqiProcess.run(
          "train", "\(folder.path)/recipes/\(set)_\(kind).yaml", "--dry-run", in: folder)
        #expect(outcome.code == 0, "\(set)_\(kind): \(outcome.errors)")
        #expect(outcome.output.contains("training: 2200 of 2200 pairs read, 0 damaged; 4400 "))
        #expect(outcome.output.contains("validation: 6 of 6 pairs read"))
        #expect(
          outcome.output.contains("encoded once, before the first step") == (kind == "locked"))
      }
    }
    #expect(folder.names() == ["checkpoints", "data", "recipes"])
  }

  @Test func `zero-shot evaluation gives figures for the sets that are there`() throws {
    let folder = try Self.zeroShotSets()
    let outcome = try Self.evaluateWithoutTraining(in: folder)
    #expect(outcome.code == 0, "\(outcome.errors)")
    #expect(outcome.errors.contains("data/flickr30k-cn/test-*.tar: no such shards, left out"))
    #expect(folder.names(in: "zero_shot") == ["coco-cn.json", "muge.json"])
    let rows = outcome.output.split(separator: "\n").map { $0.split(separator: " ") }
    #expect(rows.map(\.first) == ["text", "R@1", "muge", "coco-cn"])
    for (name, row) in zip(["muge", "coco-cn"], rows.dropFirst(2)) {
      let figures = try JSONObject(try folder.text(of: "zero_shot/\(name).json"))
      #expect(figures.number("images") == 6)
      #expect(figures.number("texts") == 12)
      let last = try #require(figures["image_to_text"]?.number("mean_recall"))
      #expect(row.count == 9 && abs((row.last.flatMap { Double($0) } ?? -1) - 100 * last) < 0.006)
    }
  }

  @Test func `a set that cannot be evaluated keeps the others from nothing`() throws {
    let folder = try Self.zeroShotSets()
    try folder.write("no shard", to: "data/muge/valid-0000.tar")
    let outcome = try Self.evaluateWithoutTraining(in: folder)
    #expect(outcome.code == 1)
    #expect(outcome.errors.contains("muge/valid could not be evaluated, left out"))
    #expect(folder.names(in: "zero_shot") == ["coco-cn.json"])
    #expect(outcome.output.contains("coco-cn "))
  }

  /// Stand-ins of two of the three sets.
  private static func zeroShotSets() throws -> TemporaryFolder {
    let folder = try standIns()
    try folder.remove("data/flickr30k-cn")
    for part in 0..<2 {
      try FileManager.default.moveItem(
        atPath: "\(folder.path)/data/coco-cn/valid-000\(part).tar",
        toPath: "\(folder.path)/data/coco-cn/test-000\(part).tar")
    }
    return folder
  }

  private static func evaluateWithoutTraining(
    in folder: TemporaryFolder
  ) throws -> (code: Int32, output: String, errors: String) {
    let script = Process()
    script.executableURL = URL(filePath: "/bin/bash")
    script.arguments = ["\(folder.path)/recipes/zero_shot.sh"]
    script.environment = ProcessInfo.processInfo.environment.merging(
      ["DUIQI": DuiqiProcess.path]) { $1 }
    let (output, errors) = (Pipe(), Pipe())
    script.standardOutput = output
    script.standardError = errors
    try script.run()
    // Both are too short to fill a pipe.
    let texts = try [output, errors].map {
      String(decoding: try $0.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    }
    script.waitUntilExit()
    return (script.terminationStatus, texts[0], texts[1])
  }
}
