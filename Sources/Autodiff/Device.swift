/// Where plans run. The seam takes whole plans, so a device may fuse and overlap as it likes.
public protocol Device: Sendable {
  associatedtype Program: ExecutableProgram

  /// The storage that all programs of one model share.
  func makeParameters(_ layout: ParameterLayout) -> Program.Parameters

  /// Makes a plan executable. All operations without a face on this device are named in one error.
  func compile(_ plan: Plan, parameters: Program.Parameters) throws(DeviceError) -> Program
}

/// A compiled plan with its own arena; not Sendable, it stays in the loop that runs it.
public protocol ExecutableProgram: AnyObject {
  associatedtype Parameters: ParameterStorage

  /// Gives an input its values, anew for each run, since devices use its storage again.
  ///
  /// What stage 1 alone reads, such as an upstream gradient, is set after stage 0 has run, all else
  /// before it. Counts must match the sizes.
  func set(_ input: String, to values: UnsafeBufferPointer<Float>)
  func set(_ input: String, to values: UnsafeBufferPointer<Int32>)

  /// Runs the steps of one stage.
  ///
  /// - Parameters:
  ///   - sizes: of every axis, none above the plan's capacity; the same for all stages of a run.
  ///   - randomKey: what dropout depends on, besides its place in the graph.
  func run(stage: Int, sizes: AxisSizes, randomKey: UInt64)

  /// Lends an output's values after the stage that computes it.
  func withValues<Result>(
    of output: String, _ body: (UnsafeBufferPointer<Float>) -> Result
  ) -> Result
}

extension ExecutableProgram {
  public func set(_ input: String, to values: [Float]) {
    values.withUnsafeBufferPointer { set(input, to: $0) }
  }

  public func set(_ input: String, to values: [Int32]) {
    values.withUnsafeBufferPointer { set(input, to: $0) }
  }

  public func values(of output: String) -> [Float] {
    withValues(of: output) { Array($0) }
  }
}

/// A model's parameters and, for the trained ones, their gradients, on a device.
public protocol ParameterStorage: AnyObject {
  var layout: ParameterLayout { get }

  func setValues(_ values: [Float], of path: String)
  func values(of path: String) -> [Float]
  func gradient(of path: String) -> [Float]
  func clearGradients()
}

public enum DeviceError: Error, Equatable {
  /// The plan needs operations that the device has no code for.
  case unsupportedOperations(device: String, names: [String])
  /// The system does not give so much memory at once.
  case outOfMemory(byteCount: Int)
}

extension DeviceError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unsupportedOperations(let device, let names):
      "\(device) cannot run \(names.joined(separator: ", ")). Every operation of a plan needs a "
        + "face on the device. Choose another device or a model without these operations."
    case .outOfMemory(let byteCount):
      "The system gives no \((byteCount + (1 << 20) - 1) >> 20) MiB of memory. So much was needed "
        + "in one piece. Choose smaller chunks, a smaller batch or model, or a machine with more "
        + "memory."
    }
  }
}
