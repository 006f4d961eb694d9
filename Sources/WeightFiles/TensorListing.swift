/// The tensors in what a pickle made, by the keys on the way to them.
struct TensorListing {
  /// Those of the state dict, or all where there is none apart.
  private(set) var tensors: [(name: String, tensor: PickledTensor)] = []
  /// Those beside the state dict, such as an optimizer's.
  private(set) var otherTensors: [(name: String, tensor: PickledTensor)] = []
  private(set) var values: [NamedValue] = []
  /// Where the state dict was found in a training checkpoint.
  let stateKey: String?

  /// Keys that training programs keep a state dict under.
  private static let stateKeys = ["state_dict", "model_state_dict", "model"]
  private static let depthLimit = 64
  private static let visitLimit = 1 << 20
  private static let nameByteLimit = 64 << 20

  private struct Visit {
    let name: String
    let value: PickleValue
    let depth: Int
  }

  private let graph: PickleGraph
  private let place: String
  private var visitCount = 0
  private var nameBytes = 0

  init(_ pickle: PickleMachine.Result, place: String) throws(WeightFileError) {
    graph = pickle.graph
    self.place = place
    let state = Self.stateDictionary(in: pickle)
    stateKey = state?.name
    guard let state else {
      tensors = try walk([Visit(name: "", value: pickle.root, depth: 0)])
      return
    }
    tensors = try walk([Visit(name: "", value: state.value, depth: 1)])
    let entries = try children(of: Visit(name: "", value: pickle.root, depth: 0)) ?? []
    otherTensors = try walk(entries.filter { $0.name != state.name })
  }

  /// The first of the known keys under which a dictionary holds tensors.
  private static func stateDictionary(
    in pickle: PickleMachine.Result
  ) -> (name: String, value: PickleValue)? {
    guard case .dictionary(let entries) = pickle.graph[pickle.root] else { return nil }
    for key in stateKeys {
      for entry in entries {
        guard case .text(key) = entry.key,
          case .dictionary(let parameters) = pickle.graph[entry.value],
          parameters.contains(where: { isTensor(pickle.graph[$0.value]) })
        else { continue }
        return (key, entry.value)
      }
    }
    return nil
  }

  private static func isTensor(_ node: PickleNode?) -> Bool {
    if case .tensor = node { true } else { false }
  }

  /// Follows the containers in their order, without recursion; a container that holds itself ends
  /// at the limit of depth, one that multiplies itself at the limit of visits.
  private mutating func walk(
    _ start: [Visit]
  ) throws(WeightFileError) -> [(name: String, tensor: PickledTensor)] {
    var found: [(name: String, tensor: PickledTensor)] = []
    var names: Set<String> = []
    var pending = Array(start.reversed())
    while let visit = pending.popLast() {
      if case .tensor(let tensor) = graph[visit.value] {
        guard names.insert(visit.name).inserted else {
          throw .malformed(
            place: place, found: "the tensor `\(visit.name.prefixForMessage)` a second time",
            expected: "each name once")
        }
        found.append((visit.name, tensor))
      } else if let children = try children(of: visit) {
        pending.append(contentsOf: children.reversed())
      } else {
        values.append(NamedValue(name: visit.name, value: value(visit.value)))
      }
    }
    return found
  }

  /// What a container holds; nothing for a value, and for a list of nothing but values.
  private mutating func children(of visit: Visit) throws(WeightFileError) -> [Visit]? {
    var children: [Visit] = []
    switch graph[visit.value] {
    case .dictionary(let entries):
      for entry in entries { children.append(try child(of: visit, key: entry.key, entry.value)) }
    case .module(let attributes):
      guard let attributes else { return nil }
      children = [Visit(name: visit.name, value: attributes, depth: visit.depth + 1)]
    case .list(let items), .tuple(let items), .set(let items):
      let hasContainers = items.contains { if case .node = $0 { true } else { false } }
      guard hasContainers else { return nil }
      for (index, item) in items.enumerated() {
        children.append(try child(of: visit, key: .integer(Int64(index)), item))
      }
    default: return nil
    }
    visitCount += children.count
    guard visitCount <= Self.visitLimit, visit.depth < Self.depthLimit else {
      throw .beyondLimit(
        place: place,
        found: "containers that hold themselves, each other or too much",
        limit: "\(Self.visitLimit) values in \(Self.depthLimit) levels")
    }
    return children
  }

  private mutating func child(
    of visit: Visit, key: PickleValue, _ value: PickleValue
  ) throws(WeightFileError) -> Visit {
    let text: String
    switch key {
    case .text(let key): text = key
    case .integer(let key): text = String(key)
    default:
      throw .unsupported(
        place: place,
        found: "a key under `\(visit.name.prefixForMessage)` that is neither text nor a number",
        remedy: "Save the state dict alone.")
    }
    let name = visit.name.isEmpty ? text : "\(visit.name).\(text)"
    nameBytes += name.utf8.count
    guard nameBytes <= Self.nameByteLimit else {
      throw .beyondLimit(
        place: place, found: "longer names", limit: "\(Self.nameByteLimit) bytes of them")
    }
    return Visit(name: name, value: value, depth: visit.depth + 1)
  }

  private func value(_ value: PickleValue) -> PlainValue {
    switch value {
    case .none: .none
    case .boolean(let value): .boolean(value)
    case .integer(let value): .integer(value)
    case .real(let value): .real(value)
    case .text(let value): .text(value)
    case .longInteger: .other("a whole number of over 64 bits")
    case .bytes(let bytes): .other("\(bytes.count) bytes")
    case .global: .other("the name of a class or type")
    case .node: .other(description(graph[value]))
    }
  }

  private func description(_ node: PickleNode?) -> String {
    switch node {
    case .list(let items): "a list of \(items.count)"
    case .tuple(let items): "a tuple of \(items.count)"
    case .set(let items): "a set of \(items.count)"
    case .storage: "a storage"
    case .numpyType: "a NumPy type"
    case .module: "an object without attributes"
    case .opaque(let what): what
    case .dictionary, .tensor, nil: "a value"
    }
  }
}
