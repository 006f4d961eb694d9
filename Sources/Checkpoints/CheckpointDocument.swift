/// Everything in a checkpoint that is not a tensor.
public struct CheckpointDocument: Sendable {
  /// Which kind of model the configuration describes, `chinese_clip`.
  public var family: String
  /// The model's configuration as JSON.
  public var configuration: String
  /// The tokenizer's vocabulary file, byte for byte.
  public var vocabulary: [UInt8]
  /// How pictures and texts are prepared, as JSON.
  public var preprocessing: String
  /// The resolved recipe as YAML; empty where no run wrote the file.
  public var recipe: String
  /// The version of duiqi that wrote the file.
  public var toolVersion: String
  /// What a run needs to go on, in any order; `nil` where no run wrote the file.
  public var run: [(name: String, value: RunValue)]?
  /// The oldest format whose readers understand the file: 1, or 2 where `docs/checkpoint-format.md`
  /// says so.
  public var formatVersion: Int64 = 1

  public init(
    family: String, configuration: String, vocabulary: [UInt8], preprocessing: String,
    recipe: String, toolVersion: String, run: [(name: String, value: RunValue)]?
  ) {
    self.family = family
    self.configuration = configuration
    self.vocabulary = vocabulary
    self.preprocessing = preprocessing
    self.recipe = recipe
    self.toolVersion = toolVersion
    self.run = run
  }

  /// The byte datasets at the root, by name.
  var texts: [(name: String, bytes: [UInt8])] {
    [
      ("configuration", Array(configuration.utf8)), ("preprocessing", Array(preprocessing.utf8)),
      ("recipe", Array(recipe.utf8)), ("vocabulary", vocabulary),
    ]
  }
}

/// A Float32 tensor on its way into a checkpoint.
public struct CheckpointTensor {
  /// Like `text/blocks/3/attention/query/weight`: lower-case letters, digits and underscores.
  public let path: String
  public let sizes: [Int]
  /// Fills the target with the elements of a range.
  let fill: (Range<Int>, UnsafeMutableRawBufferPointer) -> Void

  /// - Parameter fill: gives the elements of a range of the tensor, in C order; it is asked for
  ///   each element once, in order, while the tensor is written.
  public init(
    path: String, sizes: [Int],
    fill: @escaping (Range<Int>, UnsafeMutableRawBufferPointer) -> Void
  ) {
    precondition(CheckpointFormat.isPath(path), "`\(path)` is no path of a tensor.")
    self.path = path
    self.sizes = sizes
    self.fill = fill
  }

  /// - Parameter values: as many as the sizes say; they must stay where they are during the call.
  public init(path: String, sizes: [Int], values: UnsafeBufferPointer<Float>) {
    precondition(
      values.count == sizes.reduce(1, *), "\(path) is \(sizes), it has \(values.count) values.")
    self.init(path: path, sizes: sizes) { range, target in
      target.copyMemory(
        from: UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: values[range])))
    }
  }

  var elementCount: Int { sizes.reduce(1, *) }
}

/// The groups that hold tensors.
public enum CheckpointSection: String, CaseIterable, Sendable {
  case parameters = "parameters"
  case firstMoments = "optimizer/first_moment"
  case secondMoments = "optimizer/second_moment"
  /// What the optimizer goes on from where `parameters` has averages of it.
  case weights = "optimizer/weight"

  /// Whether every file has the group, be it empty.
  var isAlwaysThere: Bool { self != .weights }
}

/// Names and numbers of the file format; `docs/checkpoint-format.md` is their description.
enum CheckpointFormat {
  static let name = "duiqi-checkpoint"
  /// The newest that is read. Files say the oldest one that does for them.
  static let version: Int64 = 2
  /// A text larger than this is no recipe, vocabulary or configuration.
  static let textLimit = 64 << 20

  /// Whether a path is one that a tensor may have.
  static func isPath(_ path: String) -> Bool {
    let parts = path.utf8.split(separator: 0x2F, omittingEmptySubsequences: false)
    return parts.allSatisfy { part in
      !part.isEmpty
        && part.allSatisfy {
          (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F
        }
    }
  }

  /// Paths in the order in which they are hashed: that of their UTF-8 bytes.
  static func ordered(_ left: String, _ right: String) -> Bool {
    left.utf8.lexicographicallyPrecedes(right.utf8)
  }
}
