internal import Autodiff

/// A step of a plan with the places of its values.
struct CompiledStep {
  let operation: any CPUExecutable
  /// The operation, where it can run in a group.
  let rowwise: (any RowwiseCPUExecutable)?
  let source: Plan.Step
  let isAliasedView: Bool
  var inputs: [CPUBuffer]
  var results: [CPUBuffer?]
  /// Where the step's own scratch begins, in floats.
  var scratchOffset = 0
  /// Which result is added to which place of the gradient arena.
  let gradients: [(result: Int, target: UnsafeMutablePointer<Float>)]
  /// Where the first result is nothing but a gradient and the operation can add it there itself.
  private let adding: (operation: any GradientAddingCPUExecutable, UnsafeMutablePointer<Float>)?

  /// - Parameter isReadElsewhere: whether the first result is more than a gradient.
  init(
    _ source: Plan.Step, inputs: [CPUBuffer], results: [CPUBuffer?],
    gradients: [(result: Int, target: UnsafeMutablePointer<Float>)], isReadElsewhere: Bool
  ) {
    guard let operation = source.operation as? any CPUExecutable else {
      preconditionFailure("\(source.operation.name) was checked by CPUDevice.compile.")
    }
    self.operation = operation
    rowwise = operation as? any RowwiseCPUExecutable
    precondition(
      operation.rowwiseInputs == nil || rowwise != nil,
      "\(operation.name) is rowwise and has no code for blocks of rows.")
    self.source = source
    self.inputs = inputs
    self.results = results
    if let operation = operation as? any GradientAddingCPUExecutable, operation.addsToGradient,
      gradients.count == 1, gradients[0].result == 0, !isReadElsewhere
    {
      adding = (operation, gradients[0].target)
      self.gradients = []
    } else {
      adding = nil
      self.gradients = gradients
    }
    isAliasedView = source.operation.storage.isView(of: inputs.first, at: results[0])
  }

  /// Runs the step alone, with all threads.
  func run(in context: CPUContext) {
    if isAliasedView { return }
    if let (operation, target) = adding {
      operation.add(inputs, to: target, in: context)
    } else {
      operation.run(inputs, into: results, in: context)
    }
  }

  /// Of all inputs and results.
  var byteCount: Int {
    isAliasedView
      ? 0 : results.reduce(inputs.reduce(0) { $0 + $1.byteCount }) { $0 + ($1?.byteCount ?? 0) }
  }
}

extension ResultStorage {
  /// Whether the result already is the part of the input that the view shows.
  fileprivate func isView(of input: CPUBuffer?, at result: CPUBuffer?) -> Bool {
    guard case .view(let offset) = self, let input, let result else { return false }
    return result.floats == input.floats + offset
  }
}
