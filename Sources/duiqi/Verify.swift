internal import ArgumentParser
internal import Training

/// `duiqi verify`: whether files are whole.
struct Verify: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check whether checkpoints, shards, caches, indexes and ONNX models are whole.",
    discussion: """
      Compares checkpoints, caches, indexes and ONNX models with their digests, looks at every \
      pair of a shard and at what the manifest beside it says. The exit code is 1 if anything is \
      damaged; standard error names it.

      Example:
        duiqi verify checkpoints/emoji/*.h5 data/*.tar
      """)

  @Argument(
    help:
      "Checkpoints (.h5), shards (.tar), caches (.embeddings), ONNX models, manifests or indexes.")
  var files: [String]

  @Flag(help: "Print one JSON object: files, each with its kind and findings.")
  var json = false

  @OptionGroup var console: ConsoleOptions

  func run() async throws {
    var results: [FileVerification] = []
    for file in files {
      let result = await FileVerification(file)
      for text in result.notes { console.note(text) }
      for finding in result.findings { Terminal.writeError("duiqi: \(finding)\n") }
      if !json {
        let state =
          result.findings.isEmpty
          ? "whole"
          : result.kind == nil ? "not checked" : result.isUnfinished ? "unfinished" : "damaged"
        let kind = result.kind.map { ", \($0)" } ?? ""
        try Terminal.write("\(file): \(state)\(kind)\n")
      }
      results.append(result)
    }
    if json {
      let object = JSONText.object([("files", .array(results.map(\.json)))])
      try Terminal.write(object.line + "\n")
    }
    let uncheckedCount = results.count { $0.kind == nil }
    let damagedCount = results.count { !$0.findings.isEmpty } - uncheckedCount
    guard uncheckedCount == 0 else {
      throw CommandFailure.unchecked(
        count: uncheckedCount, damaged: damagedCount, of: files.count)
    }
    if damagedCount > 0 { throw ModelError.damagedFiles(count: damagedCount, of: files.count) }
  }
}
