internal import Glibc
internal import Training

/// `DUIQI_INSTRUCTIONS`, which forces what is computed with below what the processor has.
enum ForcedInstructions {
  /// Refuses what cannot be, and takes OpenBLAS along.
  ///
  /// OpenBLAS chooses its kernels while it is loaded, before `main`. So the program starts itself
  /// again, in the same process, with the variable that OpenBLAS reads.
  static func apply() throws {
    try ProcessorUse.check()
    guard let kernels = ProcessorUse.missingLibraryKernels else { return }
    setenv(ProcessorUse.openBLASVariable, kernels, 1)
    execv("/proc/self/exe", CommandLine.unsafeArgv)
    throw CommandFailure.restart(code: errno, kernels: kernels)
  }
}
