internal import COpenBLAS

extension CPUDevice {
  /// What OpenBLAS says of itself: version, options, the kernels that it chose for this CPU.
  public static var openBLASVersion: String {
    guard let text = openblas_get_config() else { return "unknown" }
    return String(cString: text)
  }

  /// OpenBLAS, its version and its kernels: `OpenBLAS 0.3.21 Haswell`.
  public static var openBLASName: String {
    let name = openBLASVersion.split(separator: " ").prefix(2).joined(separator: " ")
    guard let kernels = openblas_get_corename() else { return name }
    return "\(name) \(String(cString: kernels))"
  }
}
