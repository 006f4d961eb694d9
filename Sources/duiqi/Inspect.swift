internal import ArgumentParser
internal import Training

/// `duiqi inspect`: what is in a file.
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what is in a checkpoint, a pair shard, a cache, an index or an ONNX model.",
    discussion: """
      Of a checkpoint: sizes, every parameter with its shape, the state of its run, its recipe.

      Example:
        duiqi inspect checkpoints/emoji/best.h5
      """)

  @Argument(
    help:
      "A checkpoint (.h5), shard (.tar), cache (.embeddings), ONNX model, manifest.jsonl or index.")
  var file: String

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup var console: ConsoleOptions

  func run() throws {
    let inspection = try FileInspection(file)
    if inspection.path != file { console.note("\(file) is a run's folder: \(inspection.path)") }
    try Terminal.write((json ? inspection.json.line : inspection.description) + "\n")
  }
}
