internal import Autodiff

/// An operation that can add its first result to a parameter's gradient where it lies, instead of
/// writing it down for another pass.
protocol GradientAddingCPUExecutable: CPUExecutable {
  /// Whether this one can.
  var addsToGradient: Bool { get }

  func add(
    _ inputs: [CPUBuffer], to target: UnsafeMutablePointer<Float>, in context: CPUContext)
}
