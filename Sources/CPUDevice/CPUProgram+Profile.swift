internal import Autodiff

/// The time that each block of rows takes in each step of a group.
final class StepClock {
  private let stepCount: Int
  private let height: Int
  /// [blocks, steps]; every task writes to the row of its block.
  private let nanoseconds: UnsafeMutableBufferPointer<UInt64>
  /// What all steps did before the first block.
  private(set) var preparationNanoseconds: UInt64 = 0
  private(set) var preparationByteCount = 0

  init(stepCount: Int, rows: Int) {
    self.stepCount = stepCount
    height = RowBlocks.height(of: rows)
    let blockCount = (rows + height - 1) / height
    nanoseconds = .allocate(capacity: blockCount * stepCount)
    nanoseconds.initialize(repeating: 0)
  }

  deinit {
    nanoseconds.deallocate()
  }

  func add(to step: Int, rows: Range<Int>, since start: inout UInt64) {
    let now = monotonicNanoseconds()
    nanoseconds[rows.lowerBound / height * stepCount + step] += now - start
    start = now
  }

  func addPreparation(byteCount: Int, since start: UInt64) {
    preparationNanoseconds += monotonicNanoseconds() - start
    preparationByteCount += byteCount
  }

  /// The share of each step in all blocks' time.
  var shares: [Double] {
    let sums = (0..<stepCount).map { step in
      stride(from: step, to: nanoseconds.count, by: stepCount).reduce(0.0) {
        $0 + Double(nanoseconds[$1])
      }
    }
    let total = max(1, sums.reduce(0, +))
    return sums.map { $0 / total }
  }
}

extension CPUProgram {
  /// Runs a group and reports each of its steps.
  ///
  /// Steps of a group run side by side; the time of the group, but for the packing of its weights,
  /// is divided among them as the threads' time was, so that a step's parts add up to the step.
  func runProfiled(
    _ group: Range<Int>, randomKey: UInt64, sizes: AxisSizes, _ profile: (StepTiming) -> Void
  ) {
    let rows = steps[group.lowerBound].results.compactMap { $0 }.first?.rowCount ?? 1
    let clock = group.count > 1 ? StepClock(stepCount: group.count, rows: rows) : nil
    let start = monotonicNanoseconds()
    run(group, randomKey: randomKey, clock: clock)
    let preparation = clock?.preparationNanoseconds ?? 0
    let elapsed = Double(monotonicNanoseconds() - start - preparation)
    if let clock, clock.preparationByteCount > 0 {
      profile(
        StepTiming(
          StepTiming.packing, stage: steps[group.lowerBound].source.stage,
          nanoseconds: preparation, byteCount: clock.preparationByteCount))
    }
    for (step, share) in zip(steps[group], clock?.shares ?? [1]) {
      let inputSizes = step.source.inputs.map { plan[$0].shape.sizes(sizes) }
      profile(
        StepTiming(
          step.operation, stage: step.source.stage, inputSizes: inputSizes,
          nanoseconds: UInt64(elapsed * share), byteCount: step.byteCount))
      reportGradients(of: step, profile)
    }
  }

  private func reportGradients(of step: CompiledStep, _ profile: (StepTiming) -> Void) {
    let shares = step.gradients.compactMap { step.results[$0.result]?.byteCount }
    guard !shares.isEmpty else { return }
    let start = monotonicNanoseconds()
    addGradients(of: step)
    profile(
      StepTiming(
        StepTiming.gradientSum, stage: step.source.stage,
        nanoseconds: monotonicNanoseconds() - start, byteCount: 3 * shares.reduce(0, +)))
  }
}
