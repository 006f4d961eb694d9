internal import Autodiff

/// What one step of a program took, for whoever asks where the time goes.
public struct StepTiming: Sendable {
  /// The operation's name, ``gradientSum`` or ``packing``.
  public let operation: String
  /// The plan's stage: 0 forward, 1 gradient.
  public let stage: Int
  /// The extents of each input in this run.
  public let inputSizes: [[Int]]
  /// Of a matrix product: which operands it reads transposed.
  let transposesLeft: Bool
  let transposesRight: Bool
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
      let columns = transposesRight ? right[0] : right[1]
      // Only a weight's gradient sums over rows, which is what the left operand is transposed for.
      return transposesLeft
        ? "MatrixProduct dW \(left[1]) x \(columns)"
        : "MatrixProduct dx \(left[1]) -> \(columns)"
    default: return operation
    }
  }
}

extension StepTiming {
  /// - Parameter operation: of one step; what it is for does not follow from sizes, which may be
  ///   equal by chance.
  init(
    _ operation: any Operation, stage: Int, inputSizes: [[Int]], nanoseconds: UInt64, byteCount: Int
  ) {
    let product = operation as? MatrixProduct
    self.init(
      operation: operation.name, stage: stage, inputSizes: inputSizes,
      transposesLeft: product?.transposesLeft ?? false,
      transposesRight: product?.transposesRight ?? false, nanoseconds: nanoseconds,
      floatingPointOperations: operation.floatingPointOperations(inputs: inputSizes),
      byteCount: byteCount)
  }

  /// Work on so many bytes beside the operations.
  init(_ work: String, stage: Int, nanoseconds: UInt64, byteCount: Int) {
    self.init(
      operation: work, stage: stage, inputSizes: [], transposesLeft: false, transposesRight: false,
      nanoseconds: nanoseconds, floatingPointOperations: 0, byteCount: byteCount)
  }
}
