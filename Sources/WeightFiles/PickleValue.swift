/// What a pickle leaves on the machine's stack.
///
/// Containers are numbers of nodes in a ``PickleGraph``, so that values never nest: a container may
/// hold itself, and freeing a chain of a million of them takes no recursion.
enum PickleValue {
  case none
  case boolean(Bool)
  case integer(Int64)
  /// A whole number of more than 64 bits: its little-endian bytes.
  case longInteger([UInt8])
  case real(Double)
  case text(String)
  case bytes([UInt8])
  case global(PickleGlobal)
  case node(Int)
}

/// What a number of a ``PickleGraph`` stands for.
enum PickleNode {
  case tuple([PickleValue])
  case list([PickleValue])
  case set([PickleValue])
  case dictionary([PickleEntry])
  /// An object of a TorchScript class: its attributes, once they are known.
  case module(attributes: PickleValue?)
  case storage(PickledStorage)
  case tensor(PickledTensor)
  /// A NumPy number format: its kind and width such as `f8`.
  case numpyType(code: String, isBigEndian: Bool)
  /// Something lawful that holds no weights.
  case opaque(String)
}

struct PickleEntry {
  let key: PickleValue
  let value: PickleValue
}

/// A storage as a pickle refers to it; the bytes are elsewhere.
struct PickledStorage: Equatable {
  let key: String
  /// Nothing for a storage that is only bytes.
  let elementType: ElementType?
  /// Elements, or bytes where there is no type.
  let count: Int
  /// A part of the storage, in elements, that the legacy format gives a name of its own.
  let part: Range<Int>?
}

/// A tensor as a pickle describes it; not yet compared with the bytes there are.
struct PickledTensor {
  let storage: PickledStorage
  let elementType: ElementType
  let view: StridedView
}

/// The containers that a pickle made, by number.
struct PickleGraph {
  private static let nodeLimit = 1 << 20

  private(set) var nodes: [PickleNode] = []

  mutating func add(_ node: PickleNode, place: String) throws(WeightFileError) -> PickleValue {
    guard nodes.count < Self.nodeLimit else {
      throw .beyondLimit(
        place: place, found: "more containers and tensors",
        limit: "\(Self.nodeLimit) of them")
    }
    nodes.append(node)
    return .node(nodes.count - 1)
  }

  subscript(value: PickleValue) -> PickleNode? {
    guard case .node(let number) = value else { return nil }
    return nodes[number]
  }

  mutating func replace(_ number: Int, by node: PickleNode) { nodes[number] = node }

  /// Takes a node out while it is changed, so that its array is not copied.
  mutating func take(_ number: Int) -> PickleNode {
    let node = nodes[number]
    nodes[number] = .opaque("a container that is being filled")
    return node
  }

  /// The items of a tuple or list.
  func items(_ value: PickleValue) -> [PickleValue]? {
    switch self[value] {
    case .tuple(let items), .list(let items): items
    default: nil
    }
  }
}
