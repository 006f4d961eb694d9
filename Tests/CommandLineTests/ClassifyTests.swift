import FileTestSupport
import Foundation
import Testing

@Suite struct ClassifyTests {
  let folder: TemporaryFolder
  let checkpoint: String
  let pictures: [[UInt8]]

  init() throws {
    folder = try TemporaryFolder()
    checkpoint = try TinyCheckpoint.write(to: folder)
    pictures = try SampleShard.pictures(4)
    try folder.write("猫\n狗\n\n红苹果\n", to: "labels.txt")
    try folder.write("{}的照片\n一张{c}\n", to: "templates.txt")
  }

  private func classify(_ arguments: String...) throws -> DuiqiProcess.Outcome {
    try DuiqiProcess.run(
      ["classify", checkpoint, "--labels", "labels.txt", "-q"] + arguments, in: folder)
  }

  /// The unit rows that `embed` writes.
  private func embedded(_ arguments: String..., array: String) throws -> [[Float]] {
    let outcome = try DuiqiProcess.run(
      ["embed", checkpoint, "-q", "--output", "out"] + arguments, in: folder)
    #expect(outcome.code == 0)
    return try ArrayFile(try folder.bytes(of: "out/\(array)_embeddings.npy")).rows
  }

  /// exp(cosine * multiplier), before it is divided by the sum over classes.
  private func score(_ image: [Float], _ first: [Float], _ second: [Float]) -> Double {
    let sum: [Double] = zip(first, second).map { Double($0) + Double($1) }
    let length: Double = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let product: Double = zip(image, sum).reduce(0) { $0 + Double($1.0) * $1.1 }
    // The multiplier of a fresh model is 1 / 0.07.
    return exp(product / length / 0.07)
  }

  private func writePictures(_ places: String...) throws {
    for (place, picture) in zip(places, pictures) { try folder.write(picture, to: place) }
  }

  @Test func `probabilities are those of the prompts' mean directions`() throws {
    try writePictures("pictures/a.png", "pictures/b.png")
    let outcome = try classify(
      "--images", "pictures", "--templates", "templates.txt", "--json")
    #expect(outcome.code == 0)
    let result = try JSONObject(outcome.output)
    #expect(result.keys == ["top1", "images"] && result.number("top1") == nil)

    try folder.write("猫的照片\n一张猫\n狗的照片\n一张狗\n红苹果的照片\n一张红苹果", to: "prompts.txt")
    let prompts = try embedded("--texts", "prompts.txt", array: "text")
    let images = try embedded("--images", "pictures", array: "image")
    let found = result.list("images")
    #expect(found.map { $0.text("file") } == ["a.png", "b.png"])
    for (image, entry) in zip(images, found) {
      let scores = stride(from: 0, to: 6, by: 2).map { score(image, prompts[$0], prompts[$0 + 1]) }
      let expected = scores.map { $0 / scores.reduce(0, +) }
      let labels = entry.list("labels")
      let probabilities = labels.compactMap { $0.number("probability") }
      #expect(labels.count == 3 && probabilities == probabilities.sorted(by: >))
      for (label, value) in zip(["猫", "狗", "红苹果"], expected) {
        let own = labels.first { $0.text("label") == label }?.number("probability") ?? -1
        #expect(abs(own - value) < 1e-4)
      }
    }
  }

  @Test func `two classes compare as they do alone among more than a chunk of prompts holds`()
    throws
  {
    try writePictures("pictures/a.png")
    func odds(_ labels: [String]) throws -> Double {
      try folder.write(labels.joined(separator: "\n"), to: "labels.txt")
      let result = try JSONObject(try classify("--images", "pictures", "--json").output)
      let found = try #require(result.list("images").first).list("labels")
      #expect(found.count == labels.count)
      func probability(_ label: String) throws -> Double {
        try #require(found.first { $0.text("label") == label }?.number("probability"))
      }
      return try probability("猫") / probability("狗")
    }
    let others = (0..<60).map { "第\($0)种动物" }
    let (alone, among) = (try odds(["猫", "狗"]), try odds(["猫"] + others + ["狗"]))
    #expect(abs(alone / among - 1) < 1e-3)
  }

  @Test func `folders that are named or numbered like classes tell what is right`() throws {
    try writePictures("named/猫/a.png", "named/狗/b.png")
    let named = try classify("--images", "named")
    #expect(named.code == 0 && named.lines.last?.hasSuffix("% of 2 pictures") == true)
    #expect(named.lines.first?.hasPrefix("狗/b.png") == true)
    try writePictures("numbered/000/a.png", "numbered/001/b.png", "numbered/002/c.png")
    let numbered = try classify("--images", "numbered", "--json", "--top", "1")
    let result = try JSONObject(numbered.output)
    let share = try #require(result.number("top1"))
    let right = zip(result.list("images"), ["猫", "狗", "红苹果"]).count { image, label in
      image.list("labels").first?.text("label") == label
    }
    #expect(share == Double(right) / 3)
    #expect(result.list("images").allSatisfy { $0.list("labels").count == 1 })
  }

  @Test func `what is no class, no template or no picture is named`() throws {
    try writePictures("named/马/a.png", "flat/a.png", "flat/below/b.png")
    expectFailure(try classify("--images", "named"), code: 2, naming: "named/马", "labels.txt")
    #expect(try classify("--images", "flat").lines.count == 1)
    try folder.write("没有位置\n", to: "bad.txt")
    expectFailure(
      try classify("--images", "flat", "--templates", "bad.txt"), code: 1, naming: "bad.txt:1")
    try folder.write("猫\n猫\n", to: "labels.txt")
    expectFailure(try classify("--images", "flat"), code: 1, naming: "labels.txt:2", "猫")
    try folder.write("猫\n", to: "labels.txt")
    expectFailure(try classify("--images", "flat"), code: 2, naming: "labels.txt", "Two or more")
    try folder.write("猫\n狗\n", to: "labels.txt")
    expectFailure(try classify("--images", "missing"), code: 1, naming: "missing")
    try folder.write("x", to: "empty/notes.txt")
    expectFailure(try classify("--images", "empty"), code: 1, naming: "empty")
  }
}
