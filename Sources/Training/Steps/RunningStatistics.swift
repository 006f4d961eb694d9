internal import Autodiff
internal import CPUDevice

/// Where the chunks of one batch take a model's running statistics.
///
/// Chunks move them in order, as PyTorch's forward passes do under gradient accumulation: each by
/// its own statistics, since a chunk never sees the others. The model has the new values only when
/// they are kept.
final class RunningStatistics {
  private struct Entry {
    let path: String
    let role: Parameter.Role
    /// In the parameter arena.
    let storage: UnsafeMutableBufferPointer<Float>
    /// The values after the chunks so far.
    var pending: [Float]

    mutating func add(_ shown: UnsafeBufferPointer<Float>) {
      switch role {
      case .learned: preconditionFailure("\(path) is the optimizer's.")
      case .runningMean(let share):
        for element in pending.indices {
          pending[element] += share * (shown[element] - pending[element])
        }
      case .runningSum:
        for element in pending.indices { pending[element] += shown[element] }
      }
    }
  }

  private var entries: [Entry]

  /// - Parameter plan: outputs that are statistics go by their paths.
  init(observedBy plan: Plan, of parameters: CPUParameters) {
    entries = plan.outputs.compactMap { output in
      guard let parameter = parameters.layout[output.name]?.parameter, !parameter.isLearned else {
        return nil
      }
      return Entry(
        path: output.name, role: parameter.role, storage: parameters.storage(of: output.name),
        pending: [Float](repeating: 0, count: parameter.elementCount))
    }
  }

  /// Starts a batch from the model's values.
  func begin() {
    for index in entries.indices {
      let storage = entries[index].storage
      for element in storage.indices { entries[index].pending[element] = storage[element] }
    }
  }

  /// Adds what a chunk showed, after its first stage has run.
  func add(_ program: CPUProgram) {
    for index in entries.indices {
      program.withValues(of: entries[index].path) { shown in entries[index].add(shown) }
    }
  }

  /// Gives the model the values that the batch led to.
  func keep() {
    for entry in entries {
      for element in entry.storage.indices { entry.storage[element] = entry.pending[element] }
    }
  }
}
