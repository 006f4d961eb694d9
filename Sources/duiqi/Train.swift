internal import ArgumentParser
internal import Training

/// `duiqi train`: a recipe becomes a run.
struct Train: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train by a recipe; go on where its run was stopped.",
    discussion: """
      Checkpoints go to checkpoints/<run>, logs to logs/<run>. A run that was stopped goes on from \
      its newest whole checkpoint when the same command is given again, on the same machine bit \
      for bit as if it had not stopped. One SIGINT or SIGTERM saves and ends it.

      Example:
        duiqi train recipes/emoji_lit_zh.yaml --set length="2 epochs"
      """)

  @Argument(help: "The recipe, a YAML file.")
  var recipe: String

  @Option(
    name: .customLong("set"),
    help: .init("Give a key of the recipe another value.", valueName: "key=value"))
  var overrides: [String] = []

  @Option(
    help: .init(
      "Where to begin: auto (the newest whole checkpoint of the run), never, or a checkpoint.",
      valueName: "auto|never|checkpoint"))
  var resume = "auto"

  @Option(help: .init("Where checkpoints/ and logs/ lie.", valueName: "dir"))
  var root = "."

  @Flag(help: "Print the resolved recipe, parameters, memory and cost, check the data, and end.")
  var dryRun = false

  @OptionGroup var profile: ProfileOptions
  @OptionGroup var console: ConsoleOptions

  func validate() throws {
    if profile.json && !dryRun && !profile.profile {
      throw ValidationError(
        "--json was given without --dry-run or --profile. Add one of them or leave --json out.")
    }
    if dryRun && profile.profile {
      throw ValidationError(
        "--profile was given with --dry-run. Steps are measured, and a dry run takes none. Leave "
          + "one of them out.")
    }
  }

  func run() async throws {
    let recipe = try RecipeFault.read(recipe, overrides: overrides)
    do {
      try await run(recipe)
    } catch {
      throw RecipeFault.attributed(error, to: recipe)
    }
  }

  private func run(_ recipe: Recipe) async throws {
    let mode: ResumeMode =
      switch resume {
      case "auto": .auto
      case "never": .never
      default: .checkpoint(path: resume)
      }
    if dryRun {
      let progress = CommandProgress(console)
      let plan = try await RunPlan(
        recipe, root: root, resume: mode, prober: CommandLine.ownExecutable
      ) { done, total in progress.show(done, total, "pairs checked") }
      progress.finish()
      try Terminal.write(profile.json ? plan.json.line + "\n" : plan.description)
      return
    }
    try await TrainingConsole(isQuiet: console.quiet).train(
      recipe, root: root, resume: mode, profile: profile.form)
  }
}
