internal import ArgumentParser

/// Options of the commands that take steps.
struct ProfileOptions: ParsableArguments {
  enum Form {
    case table, json
  }

  @Flag(
    help: ArgumentHelp(
      "Print at the end where the time of a step went, by operation.",
      discussion: "Means over all steps but the first, also where a signal ends the run."))
  var profile = false

  @Flag(help: "Print figures as JSON.")
  var json = false

  /// How to print a profile, if one is wanted.
  var form: Form? { profile ? (json ? .json : .table) : nil }
}
