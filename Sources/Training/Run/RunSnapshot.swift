internal import Autodiff
internal import CPUDevice
internal import Checkpoints

/// A run's tensors as they are after a step, to be written while later steps are computed.
struct RunSnapshot: Sendable {
  /// Where a tensor's elements come from.
  private enum Source: Sendable {
    /// Memory that the next update changes.
    case arena(Int, offset: Int)
    /// Memory that nothing changes: what is locked.
    case lasting(offset: Int)
    /// A running statistic, copied at once because it is small.
    case copy([Float])
  }

  private struct Entry: Sendable {
    let path: String
    let sizes: [Int]
    let source: Source
  }

  private enum Arenas {
    static let values = 0
    static let moments = [1, 2]
    static let averages = 3
  }

  let arenas: ArenaSnapshot
  private let entries: [CheckpointSection: [Entry]]

  /// - Parameters:
  ///   - average: what is saved as the model, where there is one.
  ///   - room: for copies, of ``arenaLengths(_:hasAverage:)``.
  init(
    _ loaded: LoadedModel, _ optimizer: AdamWUpdate, average: WeightAverage?,
    in room: SnapshotRoom
  ) {
    let parameters = loaded.parameters
    let layout = parameters.layout
    let trained = layout.entries.filter(\.isTrained)
    let values = UnsafeBufferPointer(start: parameters.values, count: layout.elementCount)
    arenas = ArenaSnapshot(
      of: [UnsafeBufferPointer(rebasing: values[..<layout.trainedElementCount])]
        + optimizer.moments + (average.map { [$0.all] } ?? []),
      parts: trained.map { $0.offset..<$0.offset + $0.parameter.elementCount },
      lasting: values, owners: [parameters, optimizer] + (average.map { [$0] } ?? []),
      in: room)
    func tensors(of arena: Int) -> [Entry] {
      trained.map {
        Entry(
          path: $0.parameter.path, sizes: $0.parameter.sizes,
          source: .arena(arena, offset: $0.offset))
      }
    }
    let others = layout.entries.filter { !$0.isTrained }.map { entry in
      Entry(
        path: entry.parameter.path, sizes: entry.parameter.sizes,
        source: entry.parameter.isLearned
          ? .lasting(offset: entry.offset) : .copy(parameters.values(of: entry.parameter.path)))
    }
    entries = [
      .parameters: tensors(of: average == nil ? Arenas.values : Arenas.averages) + others,
      .firstMoments: tensors(of: Arenas.moments[0]),
      .secondMoments: tensors(of: Arenas.moments[1]),
      .weights: average == nil ? [] : tensors(of: Arenas.values),
    ]
  }

  /// The tensors of a section, each to be read once.
  func tensors(in section: CheckpointSection) -> [CheckpointTensor] {
    (entries[section] ?? []).map { entry in
      CheckpointTensor(path: entry.path, sizes: entry.sizes) { range, target in
        switch entry.source {
        case .arena(let arena, let offset):
          arenas.read(
            range.lowerBound + offset..<range.upperBound + offset, of: arena, into: target)
        case .lasting(let offset):
          arenas.readLasting(
            range.lowerBound + offset..<range.upperBound + offset, into: target)
        case .copy(let values):
          values[range].withUnsafeBytes { target.copyMemory(from: $0) }
        }
      }
    }
  }

  /// The lengths of all that an update changes.
  static func arenaLengths(_ layout: ParameterLayout, hasAverage: Bool) -> [Int] {
    [Int](repeating: layout.trainedElementCount, count: arenaCount(hasAverage: hasAverage))
  }

  /// The memory that copies of everything that an update changes take.
  static func bytes(trainedElementCount: Int, hasAverage: Bool) -> Int {
    arenaCount(hasAverage: hasAverage) * MemoryLayout<Float>.stride * trainedElementCount
  }

  private static func arenaCount(hasAverage: Bool) -> Int {
    1 + Arenas.moments.count + (hasAverage ? 1 : 0)
  }
}
