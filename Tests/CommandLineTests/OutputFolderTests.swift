import FileTestSupport
import Foundation
import Testing

/// Folders that results go to: they hold results of one command.
@Suite struct OutputFolderTests {
  let folder: TemporaryFolder
  let checkpoint: String

  init() throws {
    folder = try TemporaryFolder()
    checkpoint = try TinyCheckpoint.write(to: folder)
    try SampleShard.write(
      try SampleShard.pictures(3).enumerated().map {
        ("k\($0.offset)", $0.element, "文字\($0.offset)")
      },
      to: folder)
  }

  /// A command that leaves a result in `out`.
  private func run(_ command: String) throws -> DuiqiProcess.Outcome {
    let options: [String: [String]] = [
      "embed": ["--shards", "pairs.tar", "--captions", "txt"],
      "index": ["--shards", "pairs.tar", "--captions", "txt"],
      "export": ["--profile", "onnx"],
    ]
    return try DuiqiProcess.run(
      [command, checkpoint] + (options[command] ?? []) + ["--output", "out", "-q"], in: folder)
  }

  @Test(arguments: ["embed", "index", "export"])
  func `a result takes the place of an earlier one of the same command`(command: String) throws {
    #expect(try run(command).code == 0)
    let names = folder.names(in: "out")
    try folder.write("left by a killed process", to: "out/.index.json.1-1.duiqi-tmp")
    #expect(try run(command).code == 0)
    #expect(folder.names(in: "out") == names)
  }

  @Test func `what a killed command left goes with the next one, a living one's stays`() throws {
    let texts = try folder.write(
      String(repeating: "一只猫在窗台上睡觉\n", count: 100_000), to: "texts.txt")
    let process = try DuiqiProcess.prepared(
      ["embed", checkpoint, "--texts", texts, "--output", "out"], in: folder)
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    defer { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }
    // The first line of progress says that it is at work.
    #expect(!errors.fileHandleForReading.availableData.isEmpty)
    let growing = folder.names(in: "out")
    #expect(growing.count == 2 && growing.allSatisfy { $0.hasSuffix(".duiqi-tmp") })
    try folder.write(try SampleShard.pictures(1)[0], to: "one.png")
    func embedPicture() throws -> [String] {
      let outcome = try DuiqiProcess.run(
        "embed", checkpoint, "--images", "one.png", "--output", "out", in: folder)
      #expect(outcome.code == 0)
      return folder.names(in: "out")
    }
    let results = ["image_embeddings.npy", "images.jsonl"]
    #expect(try embedPicture() == growing + results)
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    #expect(folder.names(in: "out") == growing + results)
    #expect(try embedPicture() == results)
  }

  @Test(arguments: [
    ("embed", "index"), ("embed", "export"), ("index", "embed"), ("index", "export"),
    ("export", "embed"), ("export", "index"),
  ])
  func `a folder with another command's result is refused and stays as it is`(
    first: String, second: String
  ) throws {
    #expect(try run(first).code == 0)
    try folder.write("left by a killed process", to: "out/.texts.jsonl.1-1.duiqi-tmp")
    let before = try folder.names(in: "out").map { try folder.bytes(of: "out/\($0)") }
    expectFailure(try run(second), code: 2, naming: "out", "--output")
    #expect(try folder.names(in: "out").map { try folder.bytes(of: "out/\($0)") } == before)
  }

  @Test(arguments: ["embed", "index", "export"])
  func `a user's own files beside a result stay`(command: String) throws {
    try folder.write("mine", to: "out/thesis.txt")
    #expect(try run(command).code == 0 && run(command).code == 0)
    #expect(try folder.text(of: "out/thesis.txt") == "mine")
  }
}
