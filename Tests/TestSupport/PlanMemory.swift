public import Autodiff

/// Follows a plan through its memory and remembers what every word holds.
///
/// A word is tagged with the value and element that was written last. Every read must find its own
/// value's elements: a plan that gives storage away too early, or overlaps two values that live
/// together, is caught at the reader, whatever the numbers would have been. A group of steps runs
/// as devices run it: one block of rows through all its steps, then the next.
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
      for group in plan.groups where plan.steps[group.lowerBound].stage == stage {
        complaints += run(group)
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

  /// Two blocks of a group's rows, the later one first, or a single step at once.
  private mutating func run(_ group: Range<Int>) -> [String] {
    var complaints: [String] = []
    for half in group.count == 1 ? [Half.whole] : [.second, .first] {
      for index in group {
        let step = plan.steps[index]
        let rowwise = step.operation.rowwiseInputs ?? []
        for (slot, input) in step.inputs.enumerated()
        where !holds(input, rowwise.contains(slot) ? half : .whole) {
          complaints.append(
            "Step \(index), \(step.operation.name), reads \(input), which was overwritten.")
        }
        complaints += run(step, at: index, half)
      }
    }
    return complaints
  }

  /// Which rows of a value.
  private enum Half {
    case whole, first, second

    func part(of range: Range<Int>, rows: Int) -> Range<Int> {
      let width = range.count / max(rows, 1)
      let middle = range.lowerBound + rows / 2 * width
      return switch self {
      case .whole: range
      case .first: range.lowerBound..<middle
      case .second: middle..<range.upperBound
      }
    }
  }

  private mutating func run(_ step: Plan.Step, at index: Int, _ half: Half) -> [String] {
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
      write(result, half)
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

  private mutating func write(_ id: ValueID, _ half: Half = .whole) {
    guard let range = words(of: id) else { return }
    roots[id] = nil
    for word in half.part(of: range, rows: rowCount(of: id)) {
      words[word] = Tag(id: id, element: word - range.lowerBound)
    }
  }

  private func holds(_ id: ValueID, _ half: Half = .whole) -> Bool {
    guard let range = words(of: id) else { return true }
    let root = roots[id] ?? (id, 0)
    return half.part(of: range, rows: rowCount(of: id)).allSatisfy { word in
      words[word] == Tag(id: root.id, element: root.element + word - range.lowerBound)
    }
  }

  private func rowCount(of id: ValueID) -> Int {
    plan[id].shape.rank == 0 ? 1 : plan[id].shape[0].size(plan.capacities)
  }
}
