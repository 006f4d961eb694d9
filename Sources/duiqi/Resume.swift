internal import ArgumentParser
internal import Training

/// `duiqi resume`: a run goes on from its own recipe.
struct Resume: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Go on with a run by its own recipe, as if it had never stopped.",
    discussion: """
      A run's folder or name goes on from its newest whole checkpoint, a file from that checkpoint.

      Example:
        duiqi resume checkpoints/emoji_lit_zh
      """)

  @Argument(help: "A run's name, its folder, or a checkpoint file.")
  var runOrCheckpoint: String

  @Option(
    help: .init(
      "Where checkpoints/ and logs/ lie; the run's own place if not given.", valueName: "dir"))
  var root: String?

  @OptionGroup var profile: ProfileOptions
  @OptionGroup var console: ConsoleOptions

  func validate() throws {
    if profile.json && !profile.profile {
      throw ValidationError("--json was given without --profile. Add it or leave --json out.")
    }
  }

  func run() async throws {
    let run = try RunOnDisk(
      runOrCheckpoint, root: root, prober: CommandLine.ownExecutable)
    try await TrainingConsole(isQuiet: console.quiet).train(
      run.recipe, root: run.root, resume: run.resume, profile: profile.form)
  }
}
