/// What values are computed from. Devices and exporters add their own faces by extension.
///
/// The first result is the operation's value; further results are what its gradient wants kept
/// (norm statistics, softmax row sums). Results that nobody reads get no place in a plan.
public protocol Operation: Sendable {
  /// The results' shapes. A mismatch of inputs is a mistake in model code and traps.
  func resultShapes(of inputs: [Shape]) -> [Shape]

  /// Gradients for each input, as graph. `nil` where none flows (indices, masks).
  ///
  /// - Parameter upstream: for each result, the gradient that reaches it; `nil` where none does.
  func gradients(upstream: [Tensor?], inputs: [Tensor], results: [Tensor]) -> [Tensor?]

  /// How the first result may share storage with an input.
  var storage: ResultStorage { get }

  /// The inputs that it reads row by row, if row r of every result depends on row r of these and,
  /// of the others, on the whole; `nil` if rows mix. Devices run such operations block by block.
  var rowwiseInputs: [Int]? { get }

  /// Additions and multiplications of its matrix products; 0 for elementwise work.
  func floatingPointOperations(inputs: [[Int]]) -> Int
}

/// How an operation's first result relates to the storage of its inputs.
public enum ResultStorage: Hashable, Sendable {
  /// Needs a place of its own.
  case own
  /// May be written over any of these inputs, if nobody reads that input afterwards.
  case mayReplace([Int])
  /// Is the first input's storage seen through another shape, from this element on.
  case view(elementOffset: Int)
}

extension Operation {
  public var storage: ResultStorage { .own }

  public var rowwiseInputs: [Int]? { nil }

  public func floatingPointOperations(inputs: [[Int]]) -> Int { 0 }

  /// The type's name: a label for messages, plans and profiles.
  public var name: String { String(describing: Self.self) }
}

/// An operation that is itself part of a gradient; second derivatives are not offered.
public protocol GradientOperation: Operation {}

extension GradientOperation {
  public func gradients(upstream: [Tensor?], inputs: [Tensor], results: [Tensor]) -> [Tensor?] {
    preconditionFailure("\(name) is part of a gradient; second derivatives are not offered.")
  }
}

/// A value that comes from outside: pixels, token ids, an upstream gradient.
public struct Input: Operation {
  public let label: String
  public let shape: Shape
  public let elementType: ElementType

  public func resultShapes(of inputs: [Shape]) -> [Shape] { [shape] }
  public func gradients(upstream: [Tensor?], inputs: [Tensor], results: [Tensor]) -> [Tensor?] {
    []
  }
}

/// A parameter's current values.
public struct ParameterRead: Operation {
  public let parameter: Parameter

  public func resultShapes(of inputs: [Shape]) -> [Shape] { [parameter.shape] }
  public func gradients(upstream: [Tensor?], inputs: [Tensor], results: [Tensor]) -> [Tensor?] {
    []
  }
}

/// A value with the same number everywhere.
public struct Fill: Operation {
  public let value: Float
  public let shape: Shape

  public func resultShapes(of inputs: [Shape]) -> [Shape] { [shape] }
  public func gradients(upstream: [Tensor?], inputs: [Tensor], results: [Tensor]) -> [Tensor?] {
    []
  }
}
