import FileTestSupport
import Foundation
import Testing

/// What every command has in common: exit codes, where texts go, signals, pipes.
@Suite struct FrameTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  @Test func `the version goes to standard output`() throws {
    let outcome = try DuiqiProcess.run("--version")
    #expect(outcome.code == 0 && outcome.errors == "")
    #expect(outcome.output.wholeMatch(of: #/duiqi \d+\.\d+\.\d+\n\w+ instructions[^\n]*\n/#) != nil)
  }

  @Test func `no command at all is wrong usage and shows what there is`() throws {
    let outcome = try DuiqiProcess.run([])
    #expect(outcome.code == 2 && outcome.output == "")
    #expect(outcome.errors.contains("USAGE: duiqi <subcommand>"))
    #expect(outcome.errors.hasSuffix("\n") && !outcome.errors.hasSuffix("\n\n"))
  }

  @Test(arguments: [
    ["fly"], ["--frob"], ["evaluate"], ["evaluate", "x.h5"], ["embed", "x.h5", "--output", "o"],
    ["tokenize", "x.h5", "--texts"], ["inspect"], ["inspect", "a", "b"], ["verify"],
    ["search", "index"], ["search", "index", "--text", "a", "--image", "b"],
    ["search", "index", "--text", "a", "--mode", "image2image"],
    ["search", "index", "--text", "a", "--mode", "sideways"],
    ["search", "index", "--text", "a", "--top", "0"],
    ["evaluate", "x.h5", "--data", "y.tar", "--damage-limit", "2"],
    ["evaluate", "x.h5", "--data", "y.tar", "--damage-limit", "101%"],
    ["evaluate", "x.h5", "--data", "y.tar", "--damage-limit", "nan"],
    ["evaluate", "x.h5", "--data", "y.tar", "--damage-limit", "few"],
    ["search", "index", "--text", ""], ["search", "index", "--text", " \u{3000}"],
    ["search", "index", "--text", "a", "--sheet", "s.jpg"],
    ["export", "x.h5", "--profile", "onnx", "--output", "o", "--dimensions", "64"],
    ["embed", "x.h5", "--texts", "t", "--output", "o", "--precision", "float16"],
    ["embed", "x.h5", "--texts", "t", "--output", "o", "--captions", "zh"],
    ["embed", "x.h5", "--images", "i", "--output", "o", "--damage-limit", "5%"],
    ["train", "x.yaml", "--json"], ["train", "x.yaml", "--profile", "--dry-run"],
    ["resume", "x", "--json"], ["import", "--output", "o"], ["import", "a.pt"],
    ["import", "--image", "a", "--output", "o"],
    ["import", "a.pt", "--image", "b", "--text", "c", "--output", "o"],
  ])
  func `wrong usage ends with 2, a message and the usage`(arguments: [String]) throws {
    let outcome = try DuiqiProcess.run(arguments, in: folder)
    expectFailure(outcome, code: 2, naming: "Usage: duiqi")
    #expect(folder.names().isEmpty)
  }

  @Test(arguments: [
    ["evaluate", "none.h5", "--data", "x.tar"],
    ["embed", "none.h5", "--texts", "t", "--output", "o"],
    ["export", "none.h5", "--profile", "onnx", "--output", "o"],
    ["tokenize", "none.h5", "--texts", "t"], ["inspect", "none.h5"],
    ["index", "none.h5", "--shards", "x.tar", "--output", "o"],
  ])
  func `a missing file ends with 1 and is named`(arguments: [String]) throws {
    let outcome = try DuiqiProcess.run(arguments, in: folder)
    expectFailure(outcome, code: 1, naming: "none.h5", "Check the path.")
    #expect(!outcome.errors.contains("Usage"))
    #expect(folder.names().isEmpty)
  }

  @Test func `a recipe, or what it names, that is not there is a wrong recipe`() throws {
    let shard = RepositoryFiles.validation
    func recipe(_ model: String) -> String {
      """
      run: x
      model: { train: ["**: trained"], \(model) }
      data: { train: "\(shard)", vocabulary: none.txt, captions: zh }
      objective: { info_nce: { logit_scale_maximum: 100, repeated_pairs: masked } }
      batch: { pairs: 8, tokens_per_chunk: 512, images_per_chunk: 8 }
      optimizer: { adamw: { learning_rate: 1e-3, weight_decay: 0 } }
      length: 1 steps

      """
    }
    try folder.write(
      recipe(
        "family: chinese_clip, configuration: { image: { size: 16, patch: 8, width: 64, "
          + "depth: 1 }, text: { width: 64, depth: 1 }, embedding_width: 8 }"),
      to: "fresh.yaml")
    try folder.write(
      recipe("from: none.h5").replacing("vocabulary: none.txt, ", with: ""), to: "from.yaml")
    for (name, missing) in [
      ("none.yaml", "none.yaml"), ("fresh.yaml", "none.txt"), ("from.yaml", "none.h5"),
    ] {
      for arguments in [["train", name], ["train", name, "--dry-run"]] {
        let outcome = try DuiqiProcess.run(arguments, in: folder)
        expectFailure(outcome, code: 2, naming: missing, "Check the path.")
      }
    }
  }

  @Test func `a full device fails`() throws {
    let outcome = try DuiqiProcess.run("--help", output: "/dev/full")
    expectFailure(outcome, code: 1, naming: "No space left on device")
  }

  @Test func `a reader that goes away is no failure`() throws {
    let checkpoint = try TinyCheckpoint.write(to: folder)
    let texts = try folder.write(
      String(repeating: "一只猫\n", count: 5_000), to: "texts.txt")
    let process = try DuiqiProcess.prepared(["tokenize", checkpoint, "--texts", texts])
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    try output.fileHandleForWriting.close()
    try output.fileHandleForReading.close()
    process.waitUntilExit()
    #expect(process.terminationReason == .exit && process.terminationStatus == 0)
    #expect(try errors.fileHandleForReading.readToEnd() ?? Data() == Data())
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func `a signal ends embed with its code and leaves nothing half-written`(
    signal: Int32
  ) throws {
    let checkpoint = try TinyCheckpoint.write(to: folder)
    let texts = try folder.write(
      String(repeating: "一只猫在窗台上睡觉\n", count: 100_000), to: "texts.txt")
    let process = try DuiqiProcess.prepared([
      "embed", checkpoint, "--texts", texts, "--output", "\(folder.path)/output",
    ])
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    // The first line of progress says that it is at work.
    let progress = errors.fileHandleForReading.availableData
    kill(process.processIdentifier, signal)
    let rest = try errors.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    #expect(String(decoding: progress, as: UTF8.self).contains("texts"))
    #expect(process.terminationReason == .exit && process.terminationStatus == 128 + signal)
    #expect(String(decoding: rest, as: UTF8.self).contains("duiqi: Signal \(signal)"))
    #expect(folder.names(in: "output").isEmpty)
  }

  @Test func `quiet commands say nothing but results`() throws {
    let checkpoint = try TinyCheckpoint.write(to: folder)
    let outcome = try DuiqiProcess.run(
      "evaluate", checkpoint, "--data", RepositoryFiles.validation, "--quiet")
    #expect(outcome.code == 0 && outcome.errors == "")
    #expect(outcome.lines.count == 4)
  }

  @Test func `piped progress is plain lines`() throws {
    let checkpoint = try TinyCheckpoint.write(to: folder)
    let outcome = try DuiqiProcess.run(
      "evaluate", checkpoint, "--data", RepositoryFiles.validation)
    #expect(outcome.errors.contains("271/271 pairs"))
    #expect(!outcome.errors.contains("\r") && !outcome.errors.contains("\u{1B}"))
  }
}
