internal import COpenBLAS

extension CPUDevice {
  /// What OpenBLAS says of itself: version, options, the kernels that it chose for this CPU.
  public static var libraryVersion: String {
    guard let text = openblas_get_config() else { return "unknown" }
    return String(cString: text)
  }
}
