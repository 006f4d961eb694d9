extension Plan {
  /// Puts steps that work on the same rows, one after the other, into groups.
  ///
  /// A device may take a block of rows through a whole group before it begins with the next: what
  /// one step wrote is still in the nearest cache when the next reads it, and threads meet once a
  /// group instead of once a step. Steps that lead only to gradients, such as those of weights,
  /// stand between the rows' own steps in the order of capture; they are put off until the group
  /// that they interrupt is complete.
  ///
  /// - Parameter limit: the most steps of a group; the values inside one live together.
  mutating func groupRows(limit: Int = 16) {
    let sinks = stepsLeadingOnlyToGradients()
    var isPlaced = [Bool](repeating: false, count: steps.count)
    var ordered: [Step] = []
    var found: [Range<Int>] = []
    for first in steps.indices where !isPlaced[first] {
      var group = RowGroup(startingWith: steps[first], in: self)
      var deferred: [Int] = []
      var members = [first]
      isPlaced[first] = true
      for next in steps.indices[(first + 1)...] where !isPlaced[next] {
        guard members.count < limit, steps[next].stage == steps[first].stage else { break }
        if group.takes(steps[next], in: self) {
          members.append(next)
        } else if sinks[next] {
          group.putOff(steps[next])
          deferred.append(next)
        } else {
          break
        }
        isPlaced[next] = true
      }
      found.append(ordered.count..<ordered.count + members.count)
      found += deferred.indices.map {
        ordered.count + members.count + $0..<ordered.count + members.count + $0 + 1
      }
      ordered += (members + deferred).map { steps[$0] }
    }
    steps = ordered
    groups = found
  }

  /// Whether no step reads a step's results but those that lead to gradients alone.
  private func stepsLeadingOnlyToGradients() -> [Bool] {
    var isRead: Set<ValueID> = Set(outputs.map(\.id))
    var sinks = [Bool](repeating: false, count: steps.count)
    for index in steps.indices.reversed() {
      let step = steps[index]
      sinks[index] = step.stage == 1 && !step.results.contains { isRead.contains($0) }
      if !sinks[index] { isRead.formUnion(step.inputs) }
    }
    return sinks
  }

}

/// The steps that were put together so far.
private struct RowGroup {
  /// `nil` where the first step does not work on rows: it stays alone.
  private let rows: Extent?
  private var results: Set<ValueID>
  /// Results of steps that were put off.
  private var postponed: Set<ValueID> = []

  init(startingWith step: Plan.Step, in plan: Plan) {
    rows = RowGroup.rows(of: step, in: plan)
    results = Set(step.results)
  }

  /// Adds the step if it works on the group's rows and waits for nothing that was put off.
  mutating func takes(_ step: Plan.Step, in plan: Plan) -> Bool {
    guard let rows, let rowwise = step.operation.rowwiseInputs,
      RowGroup.rows(of: step, in: plan) == rows
    else { return false }
    for (slot, input) in step.inputs.enumerated() {
      if postponed.contains(input) { return false }
      // Read as a whole, a value must be complete before the group begins.
      if !rowwise.contains(slot), results.contains(input) { return false }
    }
    results.formUnion(step.results)
    return true
  }

  mutating func putOff(_ step: Plan.Step) {
    postponed.formUnion(step.results)
  }

  /// The leading extent that a step's results and rowwise inputs share, if it is rowwise.
  private static func rows(of step: Plan.Step, in plan: Plan) -> Extent? {
    guard let rowwise = step.operation.rowwiseInputs,
      let shape = step.results.first(where: { plan.needs($0) }).map({ plan[$0].shape }),
      shape.rank > 0
    else { return nil }
    let values = rowwise.map { step.inputs[$0] } + step.results.filter { plan.needs($0) }
    let shapes = values.map { plan[$0].shape }
    let isMatrix = shapes.contains { $0.rank == 2 }
    return isMatrix && shapes.allSatisfy { [1, 2].contains($0.rank) && $0[0] == shape[0] }
      ? shape[0] : nil
  }
}
