extension Plan {
  /// What running a stage computes, in floating point operations, where operations count them.
  ///
  /// - Parameter sizes: of every axis of the run.
  public func floatingPointOperations(stage: Int, sizes: AxisSizes) -> Int {
    steps.filter { $0.stage == stage }.reduce(0) { sum, step in
      sum
        + step.operation.floatingPointOperations(
          inputs: step.inputs.map { self[$0].shape.sizes(sizes) })
    }
  }
}
