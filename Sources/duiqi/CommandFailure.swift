internal import Glibc
internal import Training

/// What goes wrong in the command line itself.
enum CommandFailure: Error {
  /// Standard output took no more, for another reason than that its reader went away.
  case output(code: Int32)
  /// A recipe, or a file that it names, that cannot be read; the library's words.
  case recipe(String)
  /// The program could not start itself again for OpenBLAS to use other kernels.
  case restart(code: Int32, kernels: String)
  /// Paths with nothing that can be checked; each is named before.
  case unchecked(count: Int, damaged: Int, of: Int)

  /// Whether the recipe or the command line is at fault: exit code 2 instead of 1.
  var isUsageError: Bool {
    if case .recipe = self { true } else { false }
  }
}

extension CommandFailure: CustomStringConvertible {
  var description: String {
    switch self {
    case .output(let code):
      "standard output cannot be written: \(String(cString: strerror(code))). Room for all of the "
        + "output was expected. Make room or send it elsewhere."
    case .recipe(let problem):
      problem
    case .restart(let code, let kernels):
      "the program cannot be started again: \(String(cString: strerror(code))). A second start was "
        + "expected, for OpenBLAS to use fewer instructions too. Set "
        + "\(ProcessorUse.openBLASVariable)=\(kernels) yourself."
    case .unchecked(let count, let damaged, let total):
      "\(count) of \(total) paths \(count == 1 ? "has" : "have") nothing that can be checked, "
        + "\(damaged) \(damaged == 1 ? "file is" : "files are") damaged. Checkpoints, shards, "
        + "caches, manifests, indexes and ONNX models were expected, whole. Correct the paths."
    }
  }
}
