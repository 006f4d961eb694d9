/// What one step of a program took, for whoever asks where the time goes.
public struct StepTiming: Sendable {
  /// The operation's name, or ``gradientSum``.
  public let operation: String
  /// The extents of each input in this run.
  public let inputSizes: [[Int]]
  public let nanoseconds: UInt64
  /// Of matrix products alone; 0 for elementwise work.
  public let floatingPointOperations: Int
  /// Of all inputs and results, each counted once: what the step moves at least.
  public let byteCount: Int

  /// Stands for the addition of a step's results to the gradient arena.
  public static let gradientSum = "gradient sum"
}
