/// One stretch of arena storage and the steps during which it is in use.
struct Buffer {
  var byteCount: Int
  var firstStep: Int
  var lastStep: Int
  var byteOffset = 0

  func overlapsInTime(_ other: Buffer) -> Bool {
    firstStep <= other.lastStep && other.firstStep <= lastStep
  }
}

/// When each value of a plan is first written and last read, and which values share a buffer.
///
/// A value's storage is free after its last reader. A result may then take over a dying input's
/// buffer (ggml's rule), and a view lies inside the buffer that it looks at. Steps of one group
/// take turns block by block, so to all others a group is one moment: what one of its steps needs,
/// is needed from its first to its last.
struct Liveness {
  /// The buffer of each value in the arena, and where in it the value starts.
  private(set) var home: [ValueID: (buffer: Int, byteOffset: Int)] = [:]
  private(set) var buffers: [Buffer] = []
  private var lastReads: [ValueID: Int] = [:]
  private var fixedValues: Set<ValueID> = []
  /// For each step, the values that some step of its group reads as a whole.
  private var wholeReads: [Set<ValueID>] = []

  /// - Parameter sharing: whether buffers may be taken over and views aliased.
  init(_ plan: Plan, sharing: Bool) {
    findLastReads(plan, sharing: sharing)
    findWholeReads(plan)
    let stageStart = plan.steps.firstIndex { $0.stage == 1 } ?? plan.steps.count
    for input in plan.inputs where plan.needs(input.id) {
      let first = plan.steps.firstIndex { $0.inputs.contains(input.id) } ?? 0
      open(input.id, in: plan, at: first >= stageStart ? stageStart : 0)
    }
    for (index, step) in plan.steps.enumerated() {
      for id in step.results where plan.needs(id) {
        if sharing, id.result == 0, share(id, of: step, at: index, in: plan) { continue }
        open(id, in: plan, at: index)
      }
    }
    widenToGroups(of: plan)
  }

  /// The root of a chain of views; only roots own storage.
  static func viewRoots(of plan: Plan) -> [ValueID: ValueID] {
    var roots: [ValueID: ValueID] = [:]
    for step in plan.steps {
      if case .view = step.operation.storage {
        roots[step.results[0]] = roots[step.inputs[0]] ?? step.inputs[0]
      }
    }
    return roots
  }

  private mutating func findLastReads(_ plan: Plan, sharing: Bool) {
    let roots = sharing ? Liveness.viewRoots(of: plan) : [:]
    for (index, step) in plan.steps.enumerated() {
      for id in step.inputs { lastReads[roots[id] ?? id] = index }
    }
    for output in plan.outputs {
      let root = roots[output.id] ?? output.id
      lastReads[root] = plan.steps.count
      fixedValues.insert(root)
    }
    for input in plan.inputs { fixedValues.insert(input.id) }
  }

  private mutating func findWholeReads(_ plan: Plan) {
    let roots = Liveness.viewRoots(of: plan)
    for group in plan.groups {
      var ids: Set<ValueID> = []
      for step in plan.steps[group] where group.count > 1 {
        let rowwise = step.operation.rowwiseInputs ?? []
        for (slot, id) in step.inputs.enumerated() where !rowwise.contains(slot) {
          ids.insert(roots[id] ?? id)
        }
      }
      wholeReads += group.map { _ in ids }
    }
  }

  private mutating func widenToGroups(of plan: Plan) {
    let groups = plan.groups.flatMap { group in group.map { _ in group } }
    for index in buffers.indices {
      let (first, last) = (buffers[index].firstStep, buffers[index].lastStep)
      // An output outlives the last step.
      if first < groups.count { buffers[index].firstStep = groups[first].lowerBound }
      if last < groups.count { buffers[index].lastStep = groups[last].upperBound - 1 }
    }
  }

  private mutating func open(_ id: ValueID, in plan: Plan, at step: Int) {
    let value = plan[id]
    let bytes = value.shape.elementCount(plan.capacities) * value.elementType.byteCount
    home[id] = (buffers.count, 0)
    buffers.append(
      Buffer(byteCount: bytes, firstStep: step, lastStep: max(step, lastReads[id] ?? step)))
  }

  /// Puts a result into an input's buffer where its operation and the readers allow it.
  private mutating func share(
    _ id: ValueID, of step: Plan.Step, at index: Int, in plan: Plan
  ) -> Bool {
    switch step.operation.storage {
    case .own:
      return false
    case .view(let elementOffset):
      // A view of a parameter has no home: it is placed with the parameter itself.
      guard let viewed = home[step.inputs[0]] else {
        if case .parameter = plan[step.inputs[0]].placement { return true }
        return false
      }
      home[id] = (viewed.buffer, viewed.byteOffset + elementOffset * plan[id].elementType.byteCount)
      return true
    case .mayReplace(let candidates):
      for candidate in candidates {
        let input = step.inputs[candidate]
        guard let taken = home[input], taken.byteOffset == 0, !fixedValues.contains(input),
          lastReads[input] == index, buffers[taken.buffer].lastStep == index,
          !wholeReads[index].contains(input),
          plan[input].shape.product == plan[id].shape.product,
          !isReadElsewhere(taken.buffer, besides: candidate, candidates, by: step)
        else { continue }
        home[id] = taken
        buffers[taken.buffer].lastStep = max(index, lastReads[id] ?? index)
        return true
      }
      return false
    }
  }

  /// Whether another input of the step looks into the buffer at other elements than the result's.
  ///
  /// An elementwise operation may have one value twice; a row that is added to all rows may not
  /// lie among them.
  private func isReadElsewhere(
    _ buffer: Int, besides candidate: Int, _ candidates: [Int], by step: Plan.Step
  ) -> Bool {
    step.inputs.enumerated().contains { slot, input in
      guard slot != candidate, let other = home[input], other.buffer == buffer else { return false }
      return !candidates.contains(slot) || other.byteOffset != 0
    }
  }
}
