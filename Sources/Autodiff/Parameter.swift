/// How a parameter's values start.
public enum Initializer: Hashable, Sendable {
  case zeros
  case ones
  case constant(Float)
  /// Normal with mean 0.
  case normal(deviation: Float)
  /// Uniform in -bound ..< bound.
  case uniform(bound: Float)
}

/// A parameter's identity: where it lives in the model, its shape, how it starts. No storage.
public struct Parameter: Hashable, Sendable {
  /// Who changes a parameter.
  public enum Role: Hashable, Sendable {
    /// The optimizer, where a recipe's rules train it.
    case learned
    /// Nobody but the batches that are seen: each moves the value by this share of the way to what
    /// it shows. Kept like any other, and never trained.
    case runningMean(share: Float)
    /// The same for a sum: each batch adds what it shows.
    case runningSum
  }

  /// Also the checkpoint's path and the recipe's pattern subject.
  public let path: String
  public let sizes: [Int]
  public let initializer: Initializer
  public let role: Role

  public init(path: String, sizes: [Int], initializer: Initializer, role: Role = .learned) {
    self.path = path
    self.sizes = sizes
    self.initializer = initializer
    self.role = role
  }

  public var shape: Shape { Shape(fixed: sizes) }
  public var elementCount: Int { sizes.reduce(1, *) }
  /// Whether an optimizer may change it.
  public var isLearned: Bool { role == .learned }
}

/// Where each parameter lies in the flat arenas: trained ones first, then locked ones.
///
/// Gradients and optimizer moments exist for the trained prefix only, at the same offsets.
public struct ParameterLayout: Sendable {
  public struct Entry: Sendable {
    public let parameter: Parameter
    /// In elements from the start of the arena.
    public let offset: Int
    public let isTrained: Bool
  }

  /// In arena order.
  public let entries: [Entry]
  public let elementCount: Int
  public let trainedElementCount: Int
  private let indices: [String: Int]

  /// Offsets are multiples of 64 elements, so that every parameter starts on its own cache line.
  public init(trained: [Parameter], locked: [Parameter]) {
    var entries: [Entry] = []
    var indices: [String: Int] = [:]
    var offset = 0
    func place(_ parameter: Parameter, isTrained: Bool) {
      precondition(
        indices.updateValue(entries.count, forKey: parameter.path) == nil,
        "Parameter \(parameter.path) is declared twice.")
      entries.append(Entry(parameter: parameter, offset: offset, isTrained: isTrained))
      offset += (parameter.elementCount + 63) / 64 * 64
    }
    for parameter in trained {
      precondition(parameter.isLearned, "\(parameter.path) is a statistic; nothing trains it.")
      place(parameter, isTrained: true)
    }
    trainedElementCount = offset
    for parameter in locked { place(parameter, isTrained: false) }
    elementCount = offset
    self.entries = entries
    self.indices = indices
  }

  /// In arena order.
  public var trainedParameters: [Parameter] { entries.filter(\.isTrained).map(\.parameter) }

  public subscript(path: String) -> Entry? {
    indices[path].map { entries[$0] }
  }
}
