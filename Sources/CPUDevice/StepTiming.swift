/// What one step of a program took, for whoever asks where the time goes.
public struct StepTiming: Sendable {
  /// The operation's name, ``gradientSum`` or ``packing``.
  public let operation: String
  /// The plan's stage: 0 forward, 1 gradient.
  public let stage: Int
  /// The extents of each input in this run.
  public let inputSizes: [[Int]]
  public let nanoseconds: UInt64
  /// Of matrix products alone; 0 for elementwise work.
  public let floatingPointOperations: Int
  /// Of all inputs and results, each counted once: what the step moves at least.
  public let byteCount: Int

  /// Stands for the addition of a step's results to the gradient arena.
  public static let gradientSum = "gradient sum"
  /// Stands for the packing of weights before a group of steps on the same rows.
  public static let packing = "weight packing"

  /// The operation's name; products apart by their widths and by what they are for.
  public var kind: String {
    switch operation {
    case "AffineMap": return "AffineMap \(inputSizes[0][1]) -> \(inputSizes[1][0])"
    case "MatrixProduct":
      let (left, right) = (inputSizes[0], inputSizes[1])
      let isWeightGradient = left[0] == right[0]
      return isWeightGradient
        ? "MatrixProduct dW \(left[1]) x \(right[1])"
        : "MatrixProduct dx \(left[1]) -> \(right[1])"
    default: return operation
    }
  }
}
