internal import ArgumentParser
internal import Glibc
internal import Training

/// The command line: parses, calls the library, prints.
///
/// A command throws what the library threw, or a ``CommandFailure``; `main` writes the error to
/// standard error behind `duiqi: ` and chooses the exit code (``ExitStatus``).
@main
struct Duiqi: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "duiqi",
    abstract: "Contrastive fine-tuning of dual encoders on the CPU.",
    discussion: """
      Exit codes: 0 done, 1 failed, 2 wrong usage or recipe, 130 and 143 stopped by a signal.
      Errors and progress go to standard error, results to standard output.
      DUIQI_INSTRUCTIONS=avx2 or baseline computes with less than the processor has; --version \
      says what is used.
      """,
    version: "duiqi \(ToolVersion.current)\n\(ProcessorUse.description)",
    subcommands: [
      Train.self, Resume.self, Cache.self, Evaluate.self, Classify.self, Embed.self, Index.self,
      Search.self, Import.self, Export.self, Tokenize.self, Inspect.self, Verify.self,
      ProbeHDF5.self,
    ])

  static func main() async {
    // A reader that goes away, as `head` does, ends the output and not the work.
    signal(SIGPIPE, SIG_IGN)
    do {
      try ForcedInstructions.apply()
      var command = try parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      leave(ExitStatus.report(error))
    }
    leave(0)
  }

  /// Ends the process as it is. Pictures may still be on their way for steps that nobody takes any
  /// more, and libraries that clean up behind `exit`, as libcrypto does, take away what those tasks
  /// are reading.
  private static func leave(_ code: Int32) -> Never {
    fflush(nil)
    _exit(code)
  }

  /// Without a command there is nothing to do.
  func run() async throws {
    let help = Duiqi.helpMessage()
    Terminal.writeError(help.hasSuffix("\n") ? help : help + "\n")
    throw ExitCode(ExitStatus.usage)
  }
}
