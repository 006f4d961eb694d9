internal import Autodiff
internal import Models
internal import WeightFiles

/// Which foreign tensor each parameter comes from, found and checked before anything is read.
struct ImportPlan {
  struct Step {
    let parameter: Parameter
    let origin: Origin
  }

  enum Origin {
    /// A tensor of a file, or a part of it.
    case tensor(WeightTensor, in: WeightFile, DialectEntry)
    /// The initializer of the parameter.
    case drawn
  }

  /// In the order in which a checkpoint keeps its tensors.
  let steps: [Step]
  let leftOver: [ImportReport.LeftOver]

  /// One file, the names its tensors have there, and what may be left of it.
  struct Part {
    let weights: ForeignWeights
    let entries: [DialectEntry]
    let harmless: HarmlessTensors
  }

  /// - Parameters:
  ///   - parameters: of the model.
  ///   - drawn: paths of those that have no weights to come from.
  init(
    _ parameters: [Parameter], from parts: [Part], drawn: Set<String> = []
  ) throws(ModelError) {
    var origins: [String: Origin] = [:]
    var leftOver: [ImportReport.LeftOver] = []
    let parameterOf = Dictionary(uniqueKeysWithValues: parameters.map { ($0.path, $0) })
    for part in parts {
      var missing: [String] = []
      for entry in part.entries {
        guard let parameter = parameterOf[entry.path] else {
          preconditionFailure("`\(entry.path)` is in a dialect and not in the model.")
        }
        guard let tensor = part.weights[entry.key] else {
          if missing.last != entry.key { missing.append(entry.key) }
          continue
        }
        try Self.check(tensor, entry, parameter, in: part.weights)
        origins[entry.path] = .tensor(tensor, in: part.weights.file, entry)
      }
      guard missing.isEmpty else {
        throw .importing(.missingTensors(path: part.weights.path, names: missing))
      }
      leftOver += try Self.leftOver(of: part)
    }
    for path in drawn { origins[path] = .drawn }
    steps = parameters.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
      .map { parameter in
        guard let origin = origins[parameter.path] else {
          preconditionFailure("`\(parameter.path)` comes from nowhere.")
        }
        return Step(parameter: parameter, origin: origin)
      }
    self.leftOver = leftOver
  }

  private static func check(
    _ tensor: WeightTensor, _ entry: DialectEntry, _ parameter: Parameter,
    in weights: ForeignWeights
  ) throws(ModelError) {
    let expected = entry.foreignSizes(of: parameter.sizes)
    // Some programs write a scalar as one element.
    guard tensor.shape == expected || (expected.isEmpty && tensor.shape == [1]) else {
      throw .importing(
        .wrongShape(
          path: weights.path, name: tensor.name, found: tensor.shape, expected: expected))
    }
    // Batches are counted in whole numbers.
    let isCount = parameter.role == .runningSum && tensor.elementType == .int64
    guard isCount || [.float16, .bfloat16, .float32, .float64].contains(tensor.elementType) else {
      throw .importing(
        .unsupported(
          place: "\(weights.path): `\(tensor.name)`",
          found: "weights of type \(tensor.elementType.rawValue)",
          advice: "Save them as F16, BF16 or F32."))
    }
  }

  private static func leftOver(of part: Part) throws(ModelError) -> [ImportReport.LeftOver] {
    let taken = Set(part.entries.map(\.key))
    var leftOver: [ImportReport.LeftOver] = []
    var unexpected: [String] = []
    for (name, tensor) in part.weights.tensors where !taken.contains(name) {
      if let reason = part.harmless.reason(for: name) {
        leftOver.append(.init(name: tensor.name, reason: reason))
      } else {
        unexpected.append(tensor.name)
      }
    }
    guard unexpected.isEmpty else {
      throw .importing(.unexpectedTensors(path: part.weights.path, names: unexpected))
    }
    return leftOver + besides(part.weights.file)
  }

  /// What a file holds beside the model's weights: of a training checkpoint a line for each key.
  private static func besides(_ file: WeightFile) -> [ImportReport.LeftOver] {
    if file.format == .torchScript {
      return [
        .init(
          name: "\(file.values.count) values",
          reason: "settings of the archive's modules, which are not run")
      ]
    }
    let names = file.otherTensors.map(\.name) + file.values.map(\.name)
    var keys: [String] = []
    for key in names.map(key) where !keys.contains(key) { keys.append(key) }
    return keys.map { key in
      let tensorCount = file.otherTensors.count { self.key($0.name) == key }
      let values = file.values.filter { self.key($0.name) == key }
      if tensorCount > 0 {
        return .init(
          name: key,
          reason:
            "\(tensorCount) tensors and \(values.count) values of a training, which begins anew")
      }
      if values.count == 1, let value = values[0].value.text {
        return .init(name: key, reason: "\(value), which says nothing of the weights")
      }
      return .init(name: key, reason: "\(values.count) values beside the weights")
    }
  }

  private static func key(_ name: String) -> String { String(name.prefix { $0 != "." }) }
}

extension PlainValue {
  /// As a report shows it; nothing where that would be no single value.
  fileprivate var text: String? {
    switch self {
    case .integer(let number): "\(number)"
    case .real(let number): "\(number)"
    case .boolean(let flag): "\(flag)"
    case .text(let text): "`\(text.prefix(80))`"
    case .none, .other: nil
    }
  }
}
