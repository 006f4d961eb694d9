public import Autodiff

/// Follows a plan through its memory and remembers what every word holds.
///
/// A word is tagged with the value and element that was written last. Every read must find its own
/// value's elements: a plan that gives storage away too early, or overlaps two values that live
/// together, is caught at the reader, whatever the numbers would have been.
public struct PlanMemory {
  private let plan: Plan
  private var words: [Tag?]
  /// What each element of a view is an element of.
  private var roots: [ValueID: (id: ValueID, element: Int)] = [:]

  private struct Tag: Equatable {
    let id: ValueID
    let element: Int
  }

  public init(_ plan: Plan) {
    self.plan = plan
    words = [Tag?](repeating: nil, count: plan.arenaByteCount / 4)
  }

  /// One sentence for each misplaced value.
  public mutating func complaints() -> [String] {
    var complaints: [String] = []
    let lastStage = plan.steps.map(\.stage).max() ?? 0
    for stage in 0...lastStage {
      for input in plan.inputs where plan.needs(input.id) && firstStage(of: input.id) == stage {
        write(input.id)
      }
      for (index, step) in plan.steps.enumerated() where step.stage == stage {
        for input in step.inputs where !holds(input) {
          complaints.append(
            "Step \(index), \(step.operation.name), reads \(input), which was overwritten.")
        }
        complaints += run(step, at: index)
      }
    }
    for output in plan.outputs where !holds(output.id) {
      complaints.append("Output \(output.name) was overwritten.")
    }
    return complaints
  }

  private func firstStage(of id: ValueID) -> Int {
    plan.steps.first { $0.inputs.contains(id) }?.stage ?? 0
  }

  private mutating func run(_ step: Plan.Step, at index: Int) -> [String] {
    var complaints: [String] = []
    for result in step.results where plan.needs(result) {
      guard let range = words(of: result) else { continue }
      if case .view(let offset) = step.operation.storage, result.result == 0,
        let viewed = words(of: step.inputs[0]), viewed.lowerBound + offset == range.lowerBound
      {
        let root = roots[step.inputs[0]] ?? (step.inputs[0], 0)
        roots[result] = (root.id, root.element + offset)
        continue
      }
      for (slot, input) in step.inputs.enumerated() {
        guard let other = words(of: input), other.overlaps(range) else { continue }
        if !mayReplace(slot, step, result), !other.isEmpty {
          complaints.append(
            "Step \(index), \(step.operation.name), writes \(result) over its input \(slot).")
        } else if other.lowerBound != range.lowerBound {
          complaints.append("Step \(index), \(step.operation.name), is shifted over an input.")
        }
      }
      write(result)
    }
    for (index, result) in step.results.enumerated() {
      for other in step.results[..<index] {
        if let left = words(of: result), let right = words(of: other), left.overlaps(right) {
          complaints.append("\(step.operation.name) writes \(result) and \(other) together.")
        }
      }
    }
    return complaints
  }

  private func mayReplace(_ slot: Int, _ step: Plan.Step, _ result: ValueID) -> Bool {
    guard result.result == 0, case .mayReplace(let slots) = step.operation.storage else {
      return false
    }
    return slots.contains(slot)
  }

  private func words(of id: ValueID) -> Range<Int>? {
    guard plan.needs(id), case .arena(let offset) = plan[id].placement else { return nil }
    return offset / 4..<offset / 4 + plan[id].shape.elementCount(plan.capacities)
  }

  private mutating func write(_ id: ValueID) {
    guard let range = words(of: id) else { return }
    roots[id] = nil
    for (element, word) in range.enumerated() { words[word] = Tag(id: id, element: element) }
  }

  private func holds(_ id: ValueID) -> Bool {
    guard let range = words(of: id) else { return true }
    let root = roots[id] ?? (id, 0)
    return range.enumerated().allSatisfy { element, word in
      words[word] == Tag(id: root.id, element: root.element + element)
    }
  }
}
