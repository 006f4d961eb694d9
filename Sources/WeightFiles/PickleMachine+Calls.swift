/// What a pickle may call, done by constructors of our own.
extension PickleMachine {
  mutating func call(
    _ callee: PickleValue, _ arguments: PickleValue, makesObject: Bool
  ) throws(WeightFileError) -> PickleValue {
    guard case .global(let global) = callee else {
      throw malformed("a call of something that is no name", expected: "a name of the allow-list")
    }
    guard case .tuple(let arguments) = graph[arguments] else {
      throw malformed("a call without a tuple of arguments", expected: "one")
    }
    switch global {
    case .scriptClass: return try add(.module(attributes: nil))
    case .orderedDictionary, .counter: return try dictionary(arguments)
    case _ where makesObject:
      throw malformed("a new object of a class", expected: "plain containers and tensors")
    case .rebuildTensor(let version): return try tensor(arguments, version: version)
    case .rebuildParameter, .rebuildParameterWithState: return try parameter(arguments)
    case .size, .scriptTyped, .scriptList: return try firstArgument(arguments)
    case .set:
      return try set(arguments)
    case .device: return try add(.opaque("device"))
    case .complex: return try add(.opaque("complex number"))
    case .encode: return try encoded(arguments)
    case .byteArray:
      return arguments.count < 2 ? arguments.first ?? .bytes([]) : try encoded(arguments)
    case .numpyType: return try numpyType(arguments)
    case .numpyScalar: return try numpyScalar(arguments)
    case .numpyReconstruct: return try add(.opaque("NumPy array"))
    case .storage, .untypedStorage, .typedStorage, .elementType, .tensorClass, .numpyArray:
      throw malformed("a call of a class", expected: "plain containers and tensors")
    }
  }

  /// Gives an object its state.
  mutating func build(_ target: PickleValue, _ state: PickleValue) throws(WeightFileError) {
    guard case .node(let number) = target else {
      throw malformed("a state for a plain value", expected: "an object that takes it")
    }
    switch graph.nodes[number] {
    case .module(attributes: nil): graph.replace(number, by: .module(attributes: state))
    case .numpyType(let code, _):
      guard let items = graph.items(state), items.count > 1, case .text(let order) = items[1] else {
        throw wrongArguments()
      }
      graph.replace(number, by: .numpyType(code: code, isBigEndian: order == ">"))
    // A state dict carries version numbers of its modules, an array its numbers.
    case .dictionary, .opaque: break
    case .module, .tuple, .list, .set, .storage, .tensor:
      throw malformed("a state for a value that has none", expected: "an object that takes it")
    }
  }

  /// The storage that a persistent id stands for.
  mutating func storage(_ identifier: PickleValue) throws(WeightFileError) -> PickleValue {
    guard let parts = graph.items(identifier), (5...6).contains(parts.count),
      case .text("storage") = parts[0], case .global(let kind) = parts[1],
      case .text(let key) = parts[2], let count = length(parts[4])
    else { throw malformed("a reference to something else", expected: "one to a storage") }
    let type: ElementType?
    switch kind {
    case .storage(let elementType): type = elementType
    case .untypedStorage: type = nil
    default: throw malformed("a storage of another class", expected: "a storage of numbers")
    }
    let part = parts.count == 6 ? try storagePart(parts[5], of: count) : nil
    return try add(.storage(.init(key: key, elementType: type, count: count, part: part)))
  }

  /// What the legacy format calls a view: a piece of a storage under a key of its own.
  private func storagePart(
    _ value: PickleValue, of count: Int
  ) throws(WeightFileError) -> Range<Int>? {
    if case .none = value { return nil }
    guard let parts = graph.items(value), parts.count == 3, let offset = length(parts[1]),
      let size = length(parts[2]), offset <= count, size <= count - offset
    else {
      throw malformed("a part that reaches out of its storage", expected: "one inside it")
    }
    return offset..<offset + size
  }

  private mutating func tensor(
    _ arguments: [PickleValue], version: Int
  ) throws(WeightFileError) -> PickleValue {
    let counts = [1: 4...4, 2: 6...7, 3: 7...8][version] ?? 0...0
    guard counts.contains(arguments.count), case .storage(let storage) = graph[arguments[0]],
      let offset = length(arguments[1]), let shape = lengths(arguments[2]),
      let strides = lengths(arguments[3])
    else { throw wrongArguments() }
    var type = storage.elementType
    if version == 3 {
      guard case .global(.elementType(let named)) = arguments[6] else { throw wrongArguments() }
      type = named
    }
    guard let type, storage.elementType == nil || storage.elementType == type else {
      throw malformed("a tensor of another type than its storage", expected: "the same type")
    }
    let available =
      storage.part?.count
      ?? (storage.elementType == nil ? storage.count / type.byteCount : storage.count)
    guard let view = StridedView(offset: offset, shape: shape, strides: strides),
      view.fits(storageOf: available)
    else {
      throw malformed(
        "a tensor of shape \(shape.prefix(8)) from element \(offset) on that reaches out of its "
          + "storage", expected: "one inside the \(available) elements there")
    }
    try account(values: 2 * shape.count)
    guard let placed = view.moved(by: storage.part?.lowerBound ?? 0) else {
      throw wrongArguments()
    }
    return try add(.tensor(.init(storage: storage, elementType: type, view: placed)))
  }

  private func parameter(_ arguments: [PickleValue]) throws(WeightFileError) -> PickleValue {
    guard (3...4).contains(arguments.count), case .tensor = graph[arguments[0]] else {
      throw wrongArguments()
    }
    return arguments[0]
  }

  private func firstArgument(_ arguments: [PickleValue]) throws(WeightFileError) -> PickleValue {
    guard let first = arguments.first else { throw wrongArguments() }
    return first
  }

  private mutating func set(_ arguments: [PickleValue]) throws(WeightFileError) -> PickleValue {
    guard let source = arguments.first else { return try add(.set([])) }
    guard let items = graph.items(source) else { throw wrongArguments() }
    try account(values: items.count)
    return try add(.set(items))
  }

  private mutating func dictionary(_ arguments: [PickleValue]) throws(WeightFileError)
    -> PickleValue
  {
    guard let source = arguments.first else { return try add(.dictionary([])) }
    if case .dictionary(let entries) = graph[source] {
      try account(values: 2 * entries.count)
      return try add(.dictionary(entries))
    }
    guard arguments.count == 1, let pairs = graph.items(source) else { throw wrongArguments() }
    try account(values: 2 * pairs.count)
    var items: [PickleValue] = []
    for pair in pairs {
      guard let both = graph.items(pair), both.count == 2 else { throw wrongArguments() }
      items += both
    }
    return try add(.dictionary(try entries(items)))
  }

  /// Text whose characters stand for bytes.
  private mutating func encoded(_ arguments: [PickleValue]) throws(WeightFileError) -> PickleValue {
    guard arguments.count == 2, case .text(let text) = arguments[0],
      case .text(let encoding) = arguments[1], ["latin1", "latin-1"].contains(encoding)
    else { throw wrongArguments() }
    try account(textBytes: text.utf8.count)
    var bytes: [UInt8] = []
    for scalar in text.unicodeScalars {
      guard let byte = UInt8(exactly: scalar.value) else { throw wrongArguments() }
      bytes.append(byte)
    }
    return .bytes(bytes)
  }

  private func length(_ value: PickleValue) -> Int? {
    guard case .integer(let number) = value, number >= 0 else { return nil }
    return Int(exactly: number)
  }

  private func lengths(_ value: PickleValue) -> [Int]? {
    guard let items = graph.items(value), items.count <= StridedView.rankLimit else { return nil }
    let numbers = items.compactMap(length)
    return numbers.count == items.count ? numbers : nil
  }

  func wrongArguments() -> WeightFileError {
    malformed("a call with other arguments than it takes", expected: "those PyTorch writes")
  }
}

// MARK: NumPy's numbers, which old training checkpoints hold

extension PickleMachine {
  private mutating func numpyType(_ arguments: [PickleValue]) throws(WeightFileError) -> PickleValue
  {
    guard case .text(let code)? = arguments.first else { throw wrongArguments() }
    return try add(.numpyType(code: code, isBigEndian: false))
  }

  private mutating func numpyScalar(
    _ arguments: [PickleValue]
  ) throws(WeightFileError) -> PickleValue {
    guard arguments.count == 2, case .numpyType(let code, let isBigEndian) = graph[arguments[0]],
      case .bytes(let bytes) = arguments[1]
    else { return try add(.opaque("NumPy scalar")) }
    let ordered = isBigEndian ? bytes : bytes.reversed()
    let bits = ordered.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    switch (code, bytes.count) {
    case ("f8", 8): return .real(Double(bitPattern: bits))
    case ("f4", 4): return .real(Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits))))
    case ("i8", 8): return .integer(Int64(bitPattern: bits))
    case ("i4", 4): return .integer(Int64(Int32(truncatingIfNeeded: bits)))
    case ("b1", 1): return .boolean(bits != 0)
    default: return try add(.opaque("NumPy scalar"))
    }
  }
}
