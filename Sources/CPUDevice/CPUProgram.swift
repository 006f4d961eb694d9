public import Autodiff
internal import CKernels
internal import Glibc

/// A plan with an arena of its own, ready to run; nothing is allocated after the first run.
public final class CPUProgram: ExecutableProgram {
  public typealias Parameters = CPUParameters

  public let plan: Plan
  private let parameters: CPUParameters
  private let threads: ThreadPool
  private let arena: Arena
  private var scratch = Arena(byteCount: 0)
  private var steps: [CompiledStep]
  private var inputs: [NamedBuffer]
  private var outputs: [NamedBuffer]
  private var sizes: AxisSizes?
  /// Receives the time of every step, if set.
  public var profile: ((StepTiming) -> Void)?

  private struct NamedBuffer {
    let name: String
    let id: ValueID
    var buffer: CPUBuffer
  }

  private struct CompiledStep {
    let operation: any CPUExecutable
    let source: Plan.Step
    let isAliasedView: Bool
    var inputs: [CPUBuffer]
    var results: [CPUBuffer?]
    /// Which result is added to which place of the gradient arena.
    let gradients: [(result: Int, target: UnsafeMutablePointer<Float>)]
  }

  init(_ plan: Plan, parameters: CPUParameters, threads: ThreadPool) {
    self.plan = plan
    self.parameters = parameters
    self.threads = threads
    let arena = Arena(byteCount: plan.arenaByteCount)
    self.arena = arena

    func buffer(_ id: ValueID) -> CPUBuffer {
      let base =
        switch plan[id].placement {
        case .arena(let offset): arena.base + offset
        case .parameter(let path, let offset):
          UnsafeMutableRawPointer(parameters.storage(of: path).baseAddress! + offset)
        }
      return CPUBuffer(base: base, extents: Extents([]))
    }
    func named(_ value: Plan.NamedValue) -> NamedBuffer {
      NamedBuffer(name: value.name, id: value.id, buffer: buffer(value.id))
    }
    steps = plan.steps.map { step in
      guard let operation = step.operation as? any CPUExecutable else {
        preconditionFailure("\(step.operation.name) was checked by CPUDevice.compile.")
      }
      let results = step.results.map { plan.needs($0) ? buffer($0) : nil }
      let gradients = plan.gradients.filter { step.results.contains($0.id) }.map { gradient in
        guard let entry = parameters.layout[gradient.name], entry.isTrained else {
          preconditionFailure("\(gradient.name) has a gradient but is not trained.")
        }
        return (gradient.id.result, parameters.gradients + entry.offset)
      }
      let inputs = step.inputs.map(buffer)
      return CompiledStep(
        operation: operation, source: step,
        isAliasedView: step.operation.storage.isView(of: inputs.first, at: results[0]),
        inputs: inputs, results: results, gradients: gradients)
    }
    inputs = plan.inputs.filter { plan.needs($0.id) }.map(named)
    outputs = plan.outputs.map(named)
  }

  public func set(_ input: String, to values: UnsafeBufferPointer<Float>) {
    copy(UnsafeRawBufferPointer(values), to: input)
  }

  public func set(_ input: String, to values: UnsafeBufferPointer<Int32>) {
    copy(UnsafeRawBufferPointer(values), to: input)
  }

  /// Lends the storage of a Float32 input, for values that are made in place.
  ///
  /// - Parameter count: how many values the next run reads.
  public func withInput(
    _ input: String, count: Int, _ body: (UnsafeMutableBufferPointer<Float>) -> Void
  ) {
    guard let named = inputs.first(where: { $0.name == input }) else {
      preconditionFailure("\(input) is not an input of this plan.")
    }
    precondition(
      count <= plan[named.id].shape.elementCount(plan.capacities),
      "\(input) has no room for \(count) values.")
    body(UnsafeMutableBufferPointer(start: named.buffer.floats, count: count))
  }

  public func run(stage: Int, sizes: AxisSizes, randomKey: UInt64) {
    resolve(sizes)
    reserveScratch(stage: stage)
    let context = CPUContext(
      threads: threads, scratch: scratch.base.assumingMemoryBound(to: Float.self),
      randomKey: randomKey)
    for step in steps where step.source.stage == stage {
      let start = profile == nil ? 0 : monotonicNanoseconds()
      if !step.isAliasedView {
        step.operation.run(step.inputs, into: step.results, in: context)
      }
      let end = profile == nil ? 0 : monotonicNanoseconds()
      for gradient in step.gradients {
        guard let share = step.results[gradient.result] else { continue }
        accumulate(share, into: gradient.target)
      }
      if profile != nil { report(step, start: start, end: end, sizes: sizes) }
    }
  }

  /// Tells the profile of a step and, where there was one, of what was added to gradients.
  private func report(_ step: CompiledStep, start: UInt64, end: UInt64, sizes: AxisSizes) {
    guard let profile else { return }
    let inputSizes = step.source.inputs.map { plan[$0].shape.sizes(sizes) }
    let written = step.results.reduce(0) { $0 + ($1?.byteCount ?? 0) }
    profile(
      StepTiming(
        operation: step.operation.name, inputSizes: inputSizes, nanoseconds: end - start,
        floatingPointOperations: step.operation.floatingPointOperations(inputs: inputSizes),
        byteCount: step.isAliasedView
          ? 0 : step.inputs.reduce(written) { $0 + $1.byteCount }))
    let shares = step.gradients.compactMap { step.results[$0.result]?.byteCount }
    guard !shares.isEmpty else { return }
    profile(
      StepTiming(
        operation: StepTiming.gradientSum, inputSizes: [],
        nanoseconds: monotonicNanoseconds() - end, floatingPointOperations: 0,
        byteCount: 3 * shares.reduce(0, +)))
  }

  public func withValues<Result>(
    of output: String, _ body: (UnsafeBufferPointer<Float>) -> Result
  ) -> Result {
    guard let named = outputs.first(where: { $0.name == output }) else {
      preconditionFailure("\(output) is not an output of this plan.")
    }
    return body(UnsafeBufferPointer(start: named.buffer.floats, count: named.buffer.count))
  }

  private func copy(_ bytes: UnsafeRawBufferPointer, to input: String) {
    // An input that nothing reads has no place; giving it values is not a mistake.
    guard let named = inputs.first(where: { $0.name == input }) else {
      precondition(
        plan.inputs.contains { $0.name == input }, "\(input) is not an input of this plan.")
      return
    }
    let value = plan[named.id]
    let capacity = value.shape.elementCount(plan.capacities) * value.elementType.byteCount
    precondition(
      bytes.count <= capacity, "\(input) holds \(capacity) bytes, it was given \(bytes.count).")
    if let source = bytes.baseAddress { memcpy(named.buffer.base, source, bytes.count) }
  }

  private func accumulate(_ share: CPUBuffer, into target: UnsafeMutablePointer<Float>) {
    threads.run(over: share.count, grain: elementGrain) { range in
      dq_accumulate(
        Int64(range.count), share.floats + range.lowerBound, target + range.lowerBound)
    }
  }

  /// Takes over the sizes of this run; only a change costs anything.
  private func resolve(_ newSizes: AxisSizes) {
    guard newSizes != sizes else { return }
    func extents(_ id: ValueID) -> Extents {
      let shape = plan[id].shape
      let extents = Extents(shape.sizes(newSizes))
      precondition(
        extents.count <= shape.elementCount(plan.capacities),
        "\(shape) has \(extents.count) elements in this run, above the plan's capacity of "
          + "\(shape.elementCount(plan.capacities)).")
      return extents
    }
    for index in steps.indices {
      let source = steps[index].source
      for (slot, id) in source.inputs.enumerated() {
        steps[index].inputs[slot].extents = extents(id)
      }
      for (slot, id) in source.results.enumerated() where plan.needs(id) {
        steps[index].results[slot]?.extents = extents(id)
      }
    }
    for index in inputs.indices { inputs[index].buffer.extents = extents(inputs[index].id) }
    for index in outputs.indices { outputs[index].buffer.extents = extents(outputs[index].id) }
    sizes = newSizes
  }

  /// Asked at every run: how long the sequences are shows in the inputs' values, not their sizes.
  private func reserveScratch(stage: Int) {
    var count = 0
    for step in steps where step.source.stage == stage && !step.isAliasedView {
      count = max(count, step.operation.scratchCount(for: step.inputs))
    }
    let bytes = count * MemoryLayout<Float>.stride
    if bytes > scratch.byteCount { scratch = Arena(byteCount: bytes) }
  }
}

extension ResultStorage {
  /// Whether the result already is the part of the input that the view shows.
  func isView(of input: CPUBuffer?, at result: CPUBuffer?) -> Bool {
    guard case .view(let offset) = self, let input, let result else { return false }
    return result.floats == input.floats + offset
  }
}

/// Nanoseconds of the clock that never jumps.
func monotonicNanoseconds() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
