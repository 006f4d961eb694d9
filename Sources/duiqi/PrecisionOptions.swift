internal import ArgumentParser
internal import Training

/// Options of the commands that encode many pictures or texts.
struct PrecisionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What matrix products are computed in: float32 or bfloat16.",
      discussion: "bfloat16 is about twice as fast where the processor has it, and less exact.",
      valueName: "format"))
  var precision = Recipe.Precision.float32

  /// Opens a checkpoint for this precision, or the next best that the processor has.
  func open(_ checkpoint: String, _ console: ConsoleOptions) throws -> CheckpointModel {
    let model = try CheckpointModel(checkpoint, precision: precision)
    if let note = model.precisionNote { console.note(note) }
    return model
  }
}
