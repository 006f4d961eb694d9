import FileTestSupport
import Foundation
import Testing

/// The command around the library's import, whose own tests are in TrainingTests.
@Suite struct ImportTests {
  private static let fixtures = RepositoryFiles.root + "/Tests/Fixtures/foreign"
  private static let heads = ["--image-head-width", "8", "--text-head-width", "8"]

  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func run(_ source: String, _ more: String...) throws -> DuiqiProcess.Outcome {
    try DuiqiProcess.run(
      ["import", "\(Self.fixtures)/\(source)", "--output", "model.h5"] + more, in: folder)
  }

  @Test func `the report goes to standard output, progress elsewhere`() throws {
    try folder.write("left by a killed process", to: ".model.h5.1-1.duiqi-tmp")
    let outcome = try DuiqiProcess.run(
      ["import", "\(Self.fixtures)/training.pt", "--output", "model.h5"] + Self.heads, in: folder)
    #expect(outcome.code == 0)
    #expect(outcome.output.contains("71 tensors mapped to 79 parameters"))
    #expect(outcome.output.contains("epoch: 7,"))
    #expect(outcome.errors.contains("79/79 parameters"))
    #expect(folder.names() == ["model.h5"])
    #expect(try DuiqiProcess.run("verify", "model.h5", in: folder).code == 0)
  }

  @Test func `a vocabulary of another order is named, and taken`() throws {
    let checkpoint = try TinyCheckpoint.write(to: folder)
    let exported = try DuiqiProcess.run(
      "export", checkpoint, "--profile", "huggingface", "--output", "out", "-q", in: folder)
    #expect(exported.code == 0)
    let published = try folder.text(of: "out/vocab.txt")
    var lines = published.split(separator: "\n", omittingEmptySubsequences: false)
    lines.swapAt(700, 8_000)
    let reordered = lines.joined(separator: "\n")
    let other = published.replacing("\n犬\n", with: "\n犬犬\n")
    #expect(other != published)
    // Line ends do not make it another.
    let cases: [(vocabulary: String, note: String?)] = [
      (published, nil), (published.replacing("\n", with: "\r\n"), nil),
      (reordered, "the entries of the published vocabulary in another order"),
      (other, "as many entries as the published vocabulary, and others"),
    ]
    for (number, (vocabulary, note)) in cases.enumerated() {
      try folder.write(vocabulary, to: "out/vocab.txt")
      let outcome = try DuiqiProcess.run(
        "import", "out", "--output", "\(number).h5", "-q", in: folder)
      #expect(outcome.code == 0 && outcome.errors == "")
      let notes = outcome.lines.filter { $0.hasPrefix("note: out/vocab.txt has ") }
      #expect(notes.count == (note == nil ? 0 : 1))
      if let note { #expect(notes.first?.contains(note) == true) }
    }
    // The one in tokenizer.json counts where there is no vocab.txt.
    try folder.remove("out/vocab.txt")
    let outcome = try DuiqiProcess.run("import", "out", "--output", "4.h5", "-q", in: folder)
    #expect(outcome.code == 0 && !outcome.output.contains("vocabulary"))
  }

  @Test func `JSON names every tensor, its type and its edit`() throws {
    let outcome = try DuiqiProcess.run(
      ["import", "\(Self.fixtures)/half.pt", "--output", "model.h5", "--json", "--quiet"]
        + Self.heads, in: folder)
    #expect(outcome.code == 0 && outcome.errors == "")
    let report = try JSONObject(outcome.output)
    let mapped = report.list("mapped")
    #expect(mapped.count == 79 && mapped.allSatisfy { $0.text("type") == "F16" })
    let key = mapped.first { $0.text("path") == "image/blocks/0/attention/key/weight" }
    #expect(
      key?.text("tensor") == "module.visual.transformer.resblocks.0.attn.in_proj_weight")
    #expect(key?.text("edit") == "cut out of 3 stacked ones")
    #expect(report.list("left_over").map { $0.text("name") } == ["epoch", "step", "name"])
    let kept = try JSONObject(
      try DuiqiProcess.run("inspect", "model.h5", "--json", in: folder).output)
    #expect(kept.text("sha256") == report.text("sha256"))
  }

  @Test func `both towers of their own are imported`() throws {
    let outcome = try DuiqiProcess.run(
      [
        "import", "--image", "\(Self.fixtures)/clip.pt", "--text", "\(Self.fixtures)/bert",
        "--output", "model.h5", "--quiet",
      ] + Self.heads, in: folder)
    #expect(outcome.code == 0 && outcome.errors == "")
    #expect(outcome.output.contains("drawn from the seed: text/projection/weight"))
  }

  @Test func `what the command line can put right ends with 2, other faults with 1`() throws {
    expectFailure(
      try run("plain.pt"), code: 2, naming: "--image-head-width", "plain.pt", "16")
    expectFailure(
      try run("plain.pt", "--image-head-width", "8", "--text-head-width", "8", "--model", "RN51"),
      code: 2, naming: "RN51", "ViT-B-16", "Usage: duiqi import")
    expectFailure(
      try run(
        "plain.pt", "--image-head-width", "8", "--text-head-width", "8", "--model", "ViT-B-16"),
      code: 1, naming: "ViT-B-16")
    // Not for heads of a width that the named size does not have.
    expectFailure(
      try run("plain.pt", "--model", "ViT-B-16"), code: 1, naming: "the width", "ViT-B-16")
    expectFailure(try run("none.pt"), code: 1, naming: "none.pt", "Check the path.")
    expectFailure(try run("bert"), code: 1, naming: "`bert`", "chinese_clip")
    #expect(folder.names().isEmpty)
  }
}
