import Checkpoints
import FileTestSupport
import Foundation
import PairData
import Testing

@Suite struct SearchTests {
  let folder: TemporaryFolder
  let checkpoint: String

  init() throws {
    folder = try TemporaryFolder()
    checkpoint = try TinyCheckpoint.write(to: folder)
  }

  private func index(_ arguments: String...) throws -> DuiqiProcess.Outcome {
    try DuiqiProcess.run(
      ["index", checkpoint] + arguments + ["--output", "index", "-q"], in: folder)
  }

  private func search(_ arguments: String...) throws -> [JSONObject] {
    let outcome = try DuiqiProcess.run(["search", "index", "--json"] + arguments, in: folder)
    #expect(outcome.code == 0 && outcome.errors == "")
    return try outcome.lines.map { try JSONObject($0) }
  }

  private func array(_ path: String) throws -> [[Float]] {
    try ArrayFile(try folder.bytes(of: path)).rows
  }

  /// Scores by our own sums, for comparison.
  private func cosine(_ left: [Float], _ right: [Float]) -> Double {
    zip(left, right).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }

  private func unitSum(_ left: [Float], _ right: [Float]) -> [Float] {
    let sum = zip(left, right).map { Double($0) + Double($1) }
    let length = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return sum.map { Float($0 / length) }
  }

  @Test func `every mode ranks by the cosines that embed's arrays give`() throws {
    let pictures = try SampleShard.pictures(12)
    let pairs = pictures.enumerated().map { ("k\($0.offset)", $0.element, "文字\($0.offset)号") }
    try SampleShard.write(pairs, to: folder)
    #expect(try index("--shards", "pairs.tar", "--captions", "txt").code == 0)
    try folder.write("一个查询\n", to: "query.txt")
    let query = try folder.write(pictures[4], to: "query.png")
    for arguments in [
      ["--texts", "query.txt", "--images", query, "--output", "query"],
      ["--shards", "pairs.tar", "--captions", "txt", "--output", "documents"],
    ] {
      let outcome = try DuiqiProcess.run(["embed", checkpoint] + arguments, in: folder)
      #expect(outcome.code == 0)
    }
    let texts = try array("documents/text_embeddings.npy")
    let images = try array("documents/image_embeddings.npy")
    let modes: [(mode: String, rows: [[Float]])] = [
      ("text2text", texts), ("text2image", images),
      ("text2average", zip(texts, images).map(unitSum)), ("image2image", images),
    ]
    for (mode, rows) in modes {
      let isImage = mode == "image2image"
      let vector = try array("query/\(isImage ? "image" : "text")_embeddings.npy")[0]
      let answer = try search(
        isImage ? "--image" : "--text", isImage ? "query.png" : "一个查询", "--mode", mode, "--top",
        "12")[0]
      #expect(answer.text("mode") == mode)
      let results = answer.list("results")
      #expect(results.map { $0.number("rank") } == (1...12).map { Double($0) })
      let scores = results.map { $0.number("score") ?? .nan }
      #expect(scores == scores.sorted(by: >))
      for (result, score) in zip(results, scores) {
        let key = try #require(result.text("key"))
        let row = try #require(Int(key.dropFirst()))
        #expect(abs(score - cosine(vector, rows[row])) < 1e-5, "\(mode), \(key)")
        #expect(result.text("text") == "文字\(row)号")
      }
    }
    #expect(try search("--image", "query.png")[0].list("results")[0].text("key") == "k4")
  }

  @Test func `equal documents come in the order of their keys`() throws {
    let picture = try SampleShard.pictures(1)[0]
    try SampleShard.write(
      ["b", "é", "B", "a10", "a2"].map { ($0, picture, "一样") }, to: folder)
    #expect(try index("--shards", "pairs.tar", "--captions", "txt").code == 0)
    for mode in ["text2text", "text2image", "text2average"] {
      let results = try search("--text", "随便", "--mode", mode)[0].list("results")
      #expect(results.map { $0.text("key") } == ["B", "a10", "a2", "b", "é"])
      #expect(Set(results.map { $0.number("score") }).count == 1)
      #expect(
        try search("--text", "随便", "--mode", mode, "--top", "2")[0].list("results").map {
          $0.text("key")
        } == ["B", "a10"])
    }
  }

  @Test func `several queries give a line and a row of the sheet each`() throws {
    #expect(try index("--shards", RepositoryFiles.validation).code == 0)
    let outcome = try DuiqiProcess.run(
      "search", "index", "--text", "笑脸", "--text", "火车", "--text", "水果", "--top", "5",
      "--sheet", "answers.png", "--json", in: folder)
    #expect(outcome.code == 0 && outcome.errors.contains("wrote answers.png"))
    let answers = try outcome.lines.map { try JSONObject($0) }
    #expect(answers.map { $0.text("query") } == ["笑脸", "火车", "水果"])
    #expect(answers.allSatisfy { $0.list("results").count == 5 })
    let sheet = try ImageDecoder().decode(try folder.bytes(of: "answers.png"))
    #expect(sheet.width > sheet.height && Set(sheet.pixels).count > 10)
    let people = try DuiqiProcess.run("search", "index", "--text", "笑脸", "--top", "1", in: folder)
    #expect(people.lines.count == 2 && people.lines[0] == "笑脸 (text2image)")
  }

  @Test func `the index goes on without the checkpoint it was made of`() throws {
    try SampleShard.write([("a", try SampleShard.pictures(1)[0], "文字")], to: folder)
    #expect(try index("--shards", "pairs.tar", "--captions", "txt").code == 0)
    let before = try search("--text", "文字")[0].list("results")[0].number("score")
    try folder.remove("tiny.h5")
    #expect(try search("--text", "文字")[0].list("results")[0].number("score") == before)
  }

  @Test func `another checkpoint in the index is noticed`() throws {
    try SampleShard.write([("a", try SampleShard.pictures(1)[0], "文字")], to: folder)
    #expect(try index("--shards", "pairs.tar", "--captions", "txt").code == 0)
    try folder.remove("index/checkpoint.h5")
    try TinyCheckpoint.write(to: folder, name: "index/checkpoint.h5", seed: 8)
    expectFailure(
      try DuiqiProcess.run("search", "index", "--text", "文字", in: folder), code: 1,
      naming: "another checkpoint", "Make it again.")
  }

  @Test func `an index with a missing or shortened part fails`() throws {
    try SampleShard.write(
      try SampleShard.pictures(2).enumerated().map { ("k\($0.offset)", $0.element, "文字") },
      to: folder)
    for (part, edit) in [
      ("index.json", nil), ("document_pictures.npy", nil), ("document_texts.npy", 60),
      ("documents.jsonl", 30), ("checkpoint.h5", 1_000), ("index.json", 20),
    ] as [(String, Int?)] {
      #expect(try index("--shards", "pairs.tar", "--captions", "txt").code == 0)
      let bytes = try folder.bytes(of: "index/\(part)")
      try folder.remove("index/\(part)")
      if let edit { try folder.write(Array(bytes.dropLast(edit)), to: "index/\(part)") }
      let outcome = try DuiqiProcess.run("search", "index", "--text", "文字", in: folder)
      #expect(outcome.code == 1 && !outcome.wasKilled, "\(part) less \(edit ?? 0)")
      #expect(outcome.output == "" && outcome.errors.contains("index/"))
    }
  }

  @Test func `vectors, documents or a checkpoint of others are noticed`() throws {
    try SampleShard.write(
      try SampleShard.pictures(2).enumerated().map {
        ("k\($0.offset)", $0.element, "文字\($0.offset)")
      },
      to: folder)
    #expect(try index("--shards", "pairs.tar", "--captions", "txt").code == 0)
    let pictures = try folder.bytes(of: "index/document_pictures.npy")
    let texts = try folder.bytes(of: "index/document_texts.npy")
    #expect(pictures.count == texts.count && pictures != texts)
    // Whole arrays of the right size, in each other's place.
    try folder.write(texts, to: "index/document_pictures.npy")
    try folder.write(pictures, to: "index/document_texts.npy")
    let swapped = try DuiqiProcess.run("search", "index", "--text", "文字", in: folder)
    expectFailure(swapped, code: 1, naming: "document_pictures.npy", "SHA-256", "Make it again.")
    try folder.write(pictures, to: "index/document_pictures.npy")
    try folder.write(texts, to: "index/document_texts.npy")
    #expect(try search("--text", "文字")[0].list("results").count == 2)
    let documents = try folder.text(of: "index/documents.jsonl")
    try folder.write(documents.replacing("文字0", with: "文字9"), to: "index/documents.jsonl")
    let edited = try DuiqiProcess.run("search", "index", "--text", "文字", in: folder)
    expectFailure(edited, code: 1, naming: "documents.jsonl", "SHA-256")
    try folder.write(documents, to: "index/documents.jsonl")
    // The same parameters, another text tower's words.
    try folder.remove("index/checkpoint.h5")
    try TinyCheckpoint.write(to: folder, name: "index/checkpoint.h5") { document in
      document.preprocessing = document.preprocessing.replacing("zh:first", with: "zh")
    }
    let other = try DuiqiProcess.run("search", "index", "--text", "文字", in: folder)
    expectFailure(other, code: 1, naming: "checkpoint.h5", "SHA-256")
  }

  @Test func `an index is verified and inspected like a file`() throws {
    try SampleShard.write([("a", try SampleShard.pictures(1)[0], "文字")], to: folder)
    #expect(try index("--shards", "pairs.tar", "--captions", "txt").code == 0)
    let whole = try DuiqiProcess.run("verify", "index", "index/index.json", in: folder)
    #expect(whole.code == 0 && whole.errors == "")
    #expect(whole.lines == ["index: whole, index", "index/index.json: whole, index"])
    let outcome = try DuiqiProcess.run("inspect", "index", "--json", in: folder)
    #expect(outcome.code == 0)
    let object = try JSONObject(outcome.output)
    #expect(object.text("kind") == "index" && object.number("document_count") == 1)
    #expect(object.text("captions") == "txt")
    #expect(object.number("width") == Double(TinyCheckpoint.width))
    #expect(object.list("documents").map { $0.text("key") } == ["a"])
    var bytes = try folder.bytes(of: "index/document_texts.npy")
    bytes[bytes.count - 1] ^= 1
    try folder.write(bytes, to: "index/document_texts.npy")
    let damaged = try DuiqiProcess.run("verify", "index", in: folder)
    #expect(damaged.code == 1 && damaged.lines == ["index: damaged, index"])
    #expect(damaged.errors.contains("document_texts.npy"))
  }

  @Test func `a sheet needs the shards, answers do not`() throws {
    try SampleShard.write([("a", try SampleShard.pictures(1)[0], "文字")], to: folder)
    #expect(try index("--shards", "pairs.tar", "--captions", "txt").code == 0)
    try folder.remove("pairs.tar")
    #expect(try search("--text", "文字")[0].list("results").count == 1)
    let outcome = try DuiqiProcess.run(
      "search", "index", "--text", "文字", "--sheet", "answers.png", in: folder)
    #expect(outcome.code == 1 && outcome.errors.contains("pairs.tar"))
    #expect(!folder.names().contains("answers.png"))
  }
}
