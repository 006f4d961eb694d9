/// Reads a pickle and runs nothing.
///
/// A pickle is a program for a stack machine. Of its instructions this one knows those that make
/// plain containers, and of the names they can speak of, those of ``PickleGlobal``; a call of one
/// of these becomes a node of a ``PickleGraph``. Everything is bounded: values made, containers,
/// bytes of text, memo entries. There is no recursion.
struct PickleMachine {
  private(set) var reader: ByteReader
  var graph = PickleGraph()
  /// Where the instruction that is being carried out began.
  private(set) var opcodeOffset = 0

  private var stack: [PickleValue] = []
  /// Heights of the stack at the marks that are set.
  private var marks: [Int] = []
  private var memo: [UInt64: PickleValue] = [:]
  private var valueCount = 0
  private var textBytes = 0

  private static let valueLimit = 1 << 22
  private static let memoLimit = 1 << 20
  private static let textLimit = 64 << 20
  private static let nameLimit = 1_024
  private static let lineLimit = 1 << 20
  private static let highestProtocol: UInt8 = 5

  /// A pickle that was read to its end.
  struct Result {
    let graph: PickleGraph
    let root: PickleValue
  }

  /// Reads one pickle; the reader stands behind it afterwards.
  static func read(_ reader: inout ByteReader) throws(WeightFileError) -> Result {
    var machine = PickleMachine(reader: reader)
    let root = try machine.run()
    reader = machine.reader
    return Result(graph: machine.graph, root: root)
  }

  private init(reader: ByteReader) { self.reader = reader }

  private mutating func run() throws(WeightFileError) -> PickleValue {
    while true {
      opcodeOffset = reader.offset
      let byte = try reader.byte()
      guard let opcode = PickleOpcode(rawValue: byte) else {
        throw malformed(
          "instruction 0x\(String(byte, radix: 16))", expected: "one that makes plain values")
      }
      if opcode == .stop {
        guard stack.count == 1, marks.isEmpty else {
          throw malformed("\(stack.count) values at the end", expected: "one")
        }
        return stack[0]
      }
      try carryOut(opcode)
    }
  }

  private mutating func carryOut(_ opcode: PickleOpcode) throws(WeightFileError) {
    switch opcode {
    case .stop: break
    case .proto, .frame: try readHeader(opcode)
    case .mark: try pushMark()
    case .pop: try popOne()
    case .popMark: _ = try popToMark()
    case .dup:
      let value = try pop()
      try push(value)
      try push(value)
    case .none: try push(.none)
    case .newTrue: try push(.boolean(true))
    case .newFalse: try push(.boolean(false))
    case .int, .binInt, .binInt1, .binInt2, .long, .long1, .long4, .float, .binFloat:
      try push(try number(opcode))
    case .string, .binString, .shortBinString, .unicode, .binUnicode, .shortBinUnicode,
      .binUnicode8, .binBytes, .shortBinBytes, .binBytes8, .byteArray8:
      try push(try text(opcode))
    case .emptyTuple, .tuple, .tuple1, .tuple2, .tuple3, .emptyList, .list, .emptyDict, .dict,
      .emptySet, .frozenSet:
      let node = try container(opcode)
      try push(try add(node))
    case .append, .appends, .setItem, .setItems, .addItems: try fill(opcode)
    case .get, .binGet, .longBinGet: try push(try remembered(opcode))
    case .put, .binPut, .longBinPut, .memoize: try remember(opcode)
    case .global, .stackGlobal, .inst: try push(.global(try global(opcode)))
    case .reduce, .newObject:
      let arguments = try pop()
      let callee = try pop()
      try push(try call(callee, arguments, makesObject: opcode == .newObject))
    case .build:
      let state = try pop()
      try build(try top(), state)
    case .binPersistentID:
      let identifier = try pop()
      try push(try storage(identifier))
    }
  }

  private mutating func readHeader(_ opcode: PickleOpcode) throws(WeightFileError) {
    guard opcode == .proto else {
      _ = try reader.length(byteCount: 8)
      return
    }
    let version = try reader.byte()
    guard version <= Self.highestProtocol else {
      throw malformed("protocol \(version)", expected: "\(Self.highestProtocol) at most")
    }
  }

  // MARK: The stack

  private mutating func push(_ value: PickleValue) throws(WeightFileError) {
    try account(values: 1)
    stack.append(value)
  }

  /// Counts values before they are made or copied.
  mutating func account(values count: Int) throws(WeightFileError) {
    valueCount += count
    guard valueCount <= Self.valueLimit else { throw tooMany("values", Self.valueLimit) }
  }

  private mutating func pop() throws(WeightFileError) -> PickleValue {
    guard stack.count > marks.last ?? 0 else {
      throw malformed("an instruction that lacks a value", expected: "one on the stack")
    }
    return stack.removeLast()
  }

  private func top() throws(WeightFileError) -> PickleValue {
    guard stack.count > marks.last ?? 0, let value = stack.last else {
      throw malformed("an instruction that lacks a value", expected: "one on the stack")
    }
    return value
  }

  private mutating func pushMark() throws(WeightFileError) {
    try account(values: 1)
    marks.append(stack.count)
  }

  /// A mark counts as a value that can be dropped.
  private mutating func popOne() throws(WeightFileError) {
    if let mark = marks.last, mark == stack.count {
      marks.removeLast()
    } else {
      _ = try pop()
    }
  }

  private mutating func popToMark() throws(WeightFileError) -> [PickleValue] {
    guard let mark = marks.popLast() else {
      throw malformed("an instruction that lacks a mark", expected: "one on the stack")
    }
    let items = Array(stack[mark...])
    stack.removeSubrange(mark...)
    return items
  }

  mutating func add(_ node: PickleNode) throws(WeightFileError) -> PickleValue {
    try graph.add(node, place: reader.place)
  }

  // MARK: Numbers and texts

  private mutating func number(_ opcode: PickleOpcode) throws(WeightFileError) -> PickleValue {
    switch opcode {
    case .binInt:
      return .integer(
        Int64(Int32(truncatingIfNeeded: try reader.number(byteCount: 4))))
    case .binInt1: return .integer(Int64(try reader.byte()))
    case .binInt2: return .integer(Int64(try reader.number(byteCount: 2)))
    case .long1: return Self.integer(try payload(lengthBytes: 1))
    case .long4: return Self.integer(try payload(lengthBytes: 4))
    case .binFloat:
      let bits = try reader.number(byteCount: 8).byteSwapped
      return .real(Double(bitPattern: bits))
    default: return try writtenNumber(opcode)
    }
  }

  /// A number in digits, as protocol 0 has it.
  private mutating func writtenNumber(
    _ opcode: PickleOpcode
  ) throws(WeightFileError) -> PickleValue {
    var digits = String(decoding: try reader.line(limit: Self.nameLimit), as: UTF8.self)
    if opcode == .int, digits == "00" || digits == "01" { return .boolean(digits == "01") }
    if opcode == .long, digits.hasSuffix("L") { digits.removeLast() }
    if opcode == .float, let value = Double(digits) { return .real(value) }
    if opcode != .float, let value = Int64(digits) { return .integer(value) }
    throw malformed("digits that are no number of 64 bits", expected: "a number")
  }

  /// A two's complement number of any length.
  private static func integer(_ bytes: [UInt8]) -> PickleValue {
    guard let last = bytes.last else { return .integer(0) }
    guard bytes.count <= 8 else { return .longInteger(bytes) }
    let start: UInt64 = last & 0x80 == 0 ? 0 : .max
    return .integer(Int64(bitPattern: bytes.reversed().reduce(start) { $0 << 8 | UInt64($1) }))
  }

  private mutating func text(_ opcode: PickleOpcode) throws(WeightFileError) -> PickleValue {
    switch opcode {
    case .binString: return .init(textOrBytes: try payload(lengthBytes: 4))
    case .shortBinString: return .init(textOrBytes: try payload(lengthBytes: 1))
    case .binUnicode: return try unicode(try payload(lengthBytes: 4))
    case .shortBinUnicode: return try unicode(try payload(lengthBytes: 1))
    case .binUnicode8: return try unicode(try payload(lengthBytes: 8))
    case .binBytes: return .bytes(try payload(lengthBytes: 4))
    case .shortBinBytes: return .bytes(try payload(lengthBytes: 1))
    case .binBytes8, .byteArray8: return .bytes(try payload(lengthBytes: 8))
    default:
      let line = try reader.line(limit: Self.lineLimit)
      try account(textBytes: line.count)
      guard !line.contains(UInt8(ascii: "\\")) else {
        throw malformed("an escaped text of protocol 0", expected: "plain text")
      }
      if opcode == .unicode { return try unicode(line) }
      guard line.count >= 2, let quote = line.first, quote == line.last,
        quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"")
      else { throw malformed("a text without quotes", expected: "quotes") }
      return .init(textOrBytes: Array(line.dropFirst().dropLast()))
    }
  }

  private func unicode(_ bytes: [UInt8]) throws(WeightFileError) -> PickleValue {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw malformed("a text that is not UTF-8", expected: "UTF-8")
    }
    return .text(text)
  }

  private mutating func payload(lengthBytes: Int) throws(WeightFileError) -> [UInt8] {
    let count = try reader.length(byteCount: lengthBytes)
    try account(textBytes: count)
    return try reader.bytes(count)
  }

  /// Counts bytes of text before they are read.
  mutating func account(textBytes count: Int) throws(WeightFileError) {
    textBytes += count
    guard textBytes <= Self.textLimit else { throw tooMany("bytes of text", Self.textLimit) }
  }

  // MARK: Containers

  private mutating func container(_ opcode: PickleOpcode) throws(WeightFileError) -> PickleNode {
    switch opcode {
    case .tuple: .tuple(try popToMark())
    case .tuple1: .tuple([try pop()])
    case .tuple2: .tuple(try pop(2))
    case .tuple3: .tuple(try pop(3))
    case .emptyList: .list([])
    case .list: .list(try popToMark())
    case .emptyDict: .dictionary([])
    case .dict: .dictionary(try entries(try popToMark()))
    case .emptySet: .set([])
    case .frozenSet: .set(try popToMark())
    default: .tuple([])
    }
  }

  private mutating func pop(_ count: Int) throws(WeightFileError) -> [PickleValue] {
    var items: [PickleValue] = []
    for _ in 0..<count { items.append(try pop()) }
    return items.reversed()
  }

  private mutating func fill(_ opcode: PickleOpcode) throws(WeightFileError) {
    let items =
      switch opcode {
      case .append: [try pop()]
      case .setItem: try pop(2)
      default: try popToMark()
      }
    let target = try top()
    switch (opcode, graph[target]) {
    case (.append, .list), (.appends, .list), (.addItems, .set),
      (.setItem, .dictionary), (.setItems, .dictionary):
      break
    default: throw malformed("items for something else", expected: "a container that takes them")
    }
    let added = opcode == .setItem || opcode == .setItems ? try entries(items) : []
    guard case .node(let number) = target else { return }
    switch graph.take(number) {
    case .list(var list):
      list.append(contentsOf: items)
      graph.replace(number, by: .list(list))
    case .set(var set):
      set.append(contentsOf: items)
      graph.replace(number, by: .set(set))
    case .dictionary(var dictionary):
      dictionary.append(contentsOf: added)
      graph.replace(number, by: .dictionary(dictionary))
    case let other: graph.replace(number, by: other)
    }
  }

  func entries(_ items: [PickleValue]) throws(WeightFileError) -> [PickleEntry] {
    guard items.count.isMultiple(of: 2) else {
      throw malformed("a key without a value", expected: "pairs of both")
    }
    return stride(from: 0, to: items.count, by: 2).map {
      PickleEntry(key: items[$0], value: items[$0 + 1])
    }
  }

  // MARK: Memo and names

  private mutating func remember(_ opcode: PickleOpcode) throws(WeightFileError) {
    let index = opcode == .memoize ? UInt64(memo.count) : try memoIndex(opcode)
    memo[index] = try top()
    guard memo.count <= Self.memoLimit else { throw tooMany("memo entries", Self.memoLimit) }
  }

  private mutating func remembered(_ opcode: PickleOpcode) throws(WeightFileError) -> PickleValue {
    let index = try memoIndex(opcode)
    guard let value = memo[index] else {
      throw malformed("memo entry \(index), which is not set", expected: "one that is")
    }
    return value
  }

  private mutating func memoIndex(_ opcode: PickleOpcode) throws(WeightFileError) -> UInt64 {
    switch opcode {
    case .binGet, .binPut: return UInt64(try reader.byte())
    case .longBinGet, .longBinPut: return try reader.number(byteCount: 4)
    default:
      let digits = String(decoding: try reader.line(limit: Self.nameLimit), as: UTF8.self)
      guard let index = UInt64(digits) else {
        throw malformed("a memo number that is none", expected: "digits")
      }
      return index
    }
  }

  private mutating func global(_ opcode: PickleOpcode) throws(WeightFileError) -> PickleGlobal {
    var module: String
    var name: String
    if opcode == .stackGlobal {
      let names = try pop(2)
      guard case .text(let first) = names[0], case .text(let second) = names[1] else {
        throw malformed("a name that is no text", expected: "two texts")
      }
      (module, name) = (first, second)
    } else {
      module = String(decoding: try reader.line(limit: Self.nameLimit), as: UTF8.self)
      name = String(decoding: try reader.line(limit: Self.nameLimit), as: UTF8.self)
    }
    guard let global = PickleGlobal(module: module, name: name) else {
      throw .forbiddenGlobal(
        place: reader.place, name: "\(module).\(name)".prefixForMessage, offset: opcodeOffset)
    }
    guard opcode != .inst else {
      throw malformed("an object of an old class", expected: "plain values")
    }
    return global
  }

  // MARK: Errors

  func malformed(_ found: String, expected: String) -> WeightFileError {
    reader.malformed(found, expected: expected, at: opcodeOffset)
  }

  private func tooMany(_ what: String, _ limit: Int) -> WeightFileError {
    .beyondLimit(
      place: "\(reader.place), byte \(opcodeOffset)", found: "more \(what)",
      limit: "\(limit) of them")
  }
}

extension PickleValue {
  /// What Python 2 called a string.
  fileprivate init(textOrBytes bytes: [UInt8]) {
    self = String(validating: bytes, as: UTF8.self).map(PickleValue.text) ?? .bytes(bytes)
  }
}

extension String {
  /// As much of a hostile name as a message should show, without control characters.
  var prefixForMessage: String {
    String(
      String.UnicodeScalarView(
        unicodeScalars.prefix(200).map { $0.properties.generalCategory == .control ? "?" : $0 }))
  }
}
