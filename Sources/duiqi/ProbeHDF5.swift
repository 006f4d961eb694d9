internal import ArgumentParser
internal import Training

/// The process that tries a checkpoint from elsewhere; started by duiqi itself.
struct ProbeHDF5: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: CheckpointProbe.subcommand,
    abstract: "Read a checkpoint under limits on memory and time.", shouldDisplay: false)

  @Argument var file: String

  func run() throws {
    throw ExitCode(CheckpointProbe.run(file))
  }
}
