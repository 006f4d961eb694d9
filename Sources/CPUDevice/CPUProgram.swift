public import Autodiff
internal import CKernels
internal import Glibc

/// A plan with an arena of its own, ready to run; nothing is allocated after the first run.
public final class CPUProgram: ExecutableProgram {
  public typealias Parameters = CPUParameters

  public let plan: Plan
  private let parameters: CPUParameters
  private let arena: Arena
  private var scratch = Arena.required(byteCount: 0)
  private(set) var steps: [CompiledStep]
  let threads: ThreadPool
  private let products: ProductFormat
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

  init(_ plan: Plan, parameters: CPUParameters, device: CPUDevice) throws(DeviceError) {
    self.plan = plan
    self.parameters = parameters
    threads = device.threads
    products = device.products
    let arena = try Arena(byteCount: plan.arenaByteCount)
    self.arena = arena

    func buffer(_ id: ValueID) -> CPUBuffer {
      let base =
        switch plan[id].placement {
        case .arena(let offset): arena.base + offset
        case .parameter(let path, let offset):
          UnsafeMutableRawPointer(parameters.storage(of: path).baseAddress! + offset)
        }
      return CPUBuffer(base: base, extents: Extents())
    }
    func named(_ value: Plan.NamedValue) -> NamedBuffer {
      NamedBuffer(name: value.name, id: value.id, buffer: buffer(value.id))
    }
    let read = Set(plan.steps.flatMap(\.inputs) + plan.outputs.map(\.id))
    steps = plan.steps.map { step in
      let gradients = plan.gradients.filter { step.results.contains($0.id) }.map { gradient in
        guard let entry = parameters.layout[gradient.name], entry.isTrained else {
          preconditionFailure("\(gradient.name) has a gradient but is not trained.")
        }
        return (gradient.id.result, parameters.gradients + entry.offset)
      }
      return CompiledStep(
        step, inputs: step.inputs.map(buffer),
        results: step.results.map { plan.needs($0) ? buffer($0) : nil }, gradients: gradients,
        isReadElsewhere: read.contains(step.results[0]))
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
    body(UnsafeMutableBufferPointer(start: place(of: input, count: count).floats, count: count))
  }

  /// Lends the storage of an Int32 input.
  public func withIntegerInput(
    _ input: String, count: Int, _ body: (UnsafeMutableBufferPointer<Int32>) -> Void
  ) {
    body(UnsafeMutableBufferPointer(start: place(of: input, count: count).ids, count: count))
  }

  private func place(of input: String, count: Int) -> CPUBuffer {
    guard let named = inputs.first(where: { $0.name == input }) else {
      preconditionFailure("\(input) is not an input of this plan.")
    }
    precondition(
      count <= plan[named.id].shape.elementCount(plan.capacities),
      "\(input) has no room for \(count) values.")
    return named.buffer
  }

  public func run(stage: Int, sizes: AxisSizes, randomKey: UInt64) {
    resolve(sizes)
    reserveScratch(stage: stage)
    for group in plan.groups where steps[group.lowerBound].source.stage == stage {
      if let profile {
        runProfiled(group, randomKey: randomKey, sizes: sizes, profile)
      } else {
        run(group, randomKey: randomKey, clock: nil)
        for index in group { addGradients(of: steps[index]) }
      }
    }
  }

  /// Runs the steps of a group, block of rows after block of rows where there are several.
  func run(_ group: Range<Int>, randomKey: UInt64, clock: StepClock?) {
    let first = steps[group.lowerBound]
    if group.count == 1 { return first.run(in: context(first, randomKey)) }
    guard let result = first.results.compactMap({ $0 }).first else { return }
    for index in group {
      let step = steps[index]
      let start = clock == nil ? 0 : monotonicNanoseconds()
      let byteCount =
        step.rowwise?.prepare(step.inputs, for: step.results, in: context(step, randomKey)) ?? 0
      clock?.addPreparation(byteCount: byteCount, since: start)
    }
    RowBlocks.run(over: result.rowCount, on: threads) { rows in
      var start = clock == nil ? 0 : monotonicNanoseconds()
      for index in group {
        let step = steps[index]
        step.rowwise?.run(
          step.inputs, into: step.results, rows: rows, in: context(step, randomKey))
        clock?.add(to: index - group.lowerBound, rows: rows, since: &start)
      }
    }
  }

  private func context(_ step: CompiledStep, _ randomKey: UInt64) -> CPUContext {
    CPUContext(
      threads: threads, products: products,
      scratch: scratch.base.assumingMemoryBound(to: Float.self) + step.scratchOffset,
      randomKey: randomKey)
  }

  /// Adds a step's results to the gradient arena where they are parameters' gradients.
  func addGradients(of step: CompiledStep) {
    for gradient in step.gradients {
      guard let share = step.results[gradient.result] else { continue }
      threads.run(over: share.count, grain: elementGrain) { range in
        dq_accumulate(
          Int64(range.count), share.floats + range.lowerBound,
          gradient.target + range.lowerBound)
      }
    }
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

  /// Takes over the sizes of this run; only a change costs anything.
  private func resolve(_ newSizes: AxisSizes) {
    guard newSizes != sizes else { return }
    func extents(_ id: ValueID) -> Extents {
      let shape = plan[id].shape
      let extents = Extents(shape, newSizes)
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
  ///
  /// Steps of one group run side by side, each with scratch of its own.
  private func reserveScratch(stage: Int) {
    var count = 0
    for group in plan.groups where steps[group.lowerBound].source.stage == stage {
      var end = 0
      for index in group where !steps[index].isAliasedView {
        let step = steps[index]
        steps[index].scratchOffset = end
        let count = step.operation.scratchCount(
          for: step.inputs, results: step.results, in: context(step, 0))
        end += (count + 63) / 64 * 64
      }
      count = max(count, end)
    }
    let bytes = count * MemoryLayout<Float>.stride
    if bytes > scratch.byteCount { scratch = Arena.required(byteCount: bytes) }
  }
}

/// Nanoseconds of the clock that never jumps.
func monotonicNanoseconds() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
