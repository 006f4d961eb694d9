import ArgumentParser

/// The command line: parses, calls the library, prints.
@main
struct Duiqi: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "duiqi", abstract: "Contrastive fine-tuning of dual encoders on the CPU.")
}
