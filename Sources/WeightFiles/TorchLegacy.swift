internal import DurableFiles

/// The stream that torch.save wrote before PyTorch 1.6.
///
/// Five pickles follow one another: a magic number, the protocol 1001, facts of the machine, the
/// object, the keys of its storages. Then come the storages in the order of the keys, each a count
/// of 64 bits and the raw elements.
struct TorchLegacy {
  let contents: TorchContents

  /// How a file begins: a pickle of protocol 2 with the number 0x1950A86A20F9469CFC6C.
  static let beginning: [UInt8] = [0x80, 0x02, 0x8A, 0x0A] + magic
  private static let magic: [UInt8] = [
    0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19,
  ]
  private static let protocolVersion: Int64 = 1_001

  init(_ file: OpenFile) throws(WeightFileError) {
    var reader = ByteReader(file, range: 0..<file.byteCount, place: file.path)
    try Self.readPreamble(&reader)
    let object = try PickleMachine.read(&reader)
    let keys = try Self.keys(&reader)
    let references = try Self.references(in: object.graph, place: file.path)
    var storages: [String: Storage] = [:]
    for key in keys {
      guard let reference = references[key], storages[key] == nil else {
        throw reader.malformed(
          "a storage `\(key.prefixForMessage)` that no tensor uses, or for the second time",
          expected: "each storage in use once")
      }
      storages[key] = try Self.storage(reference, file, &reader)
    }
    guard reader.left == 0 else {
      throw reader.malformed("\(reader.left) bytes after the last storage", expected: "none")
    }
    contents = try TorchContents(object, place: file.path) { (reference) throws(WeightFileError) in
      guard let storage = storages[reference.key] else {
        throw .malformed(
          place: file.path,
          found: "a tensor in storage `\(reference.key.prefixForMessage)`, which is not there",
          expected: "all storages")
      }
      return storage
    }
  }

  private static func readPreamble(_ reader: inout ByteReader) throws(WeightFileError) {
    guard case .longInteger(magic) = try PickleMachine.read(&reader).root else {
      throw reader.malformed("another magic number", expected: "PyTorch's", at: 0)
    }
    guard case .integer(protocolVersion) = try PickleMachine.read(&reader).root else {
      throw reader.malformed("another protocol", expected: "\(protocolVersion)")
    }
    let facts = try PickleMachine.read(&reader)
    guard case .dictionary(let entries) = facts.graph[facts.root] else {
      throw reader.malformed("no facts of the machine", expected: "a dictionary of them")
    }
    for entry in entries {
      if case .text("little_endian") = entry.key, case .boolean(false) = entry.value {
        throw .unsupported(
          place: reader.place, found: "big-endian numbers",
          remedy: "Save it again on a little-endian machine.")
      }
    }
  }

  private static func keys(_ reader: inout ByteReader) throws(WeightFileError) -> [String] {
    let result = try PickleMachine.read(&reader)
    guard case .list(let items) = result.graph[result.root] else {
      throw reader.malformed("no list of storages", expected: "one after the object")
    }
    var keys: [String] = []
    for item in items {
      guard case .text(let key) = item else {
        throw reader.malformed("a key of a storage that is no text", expected: "text")
      }
      keys.append(key)
    }
    return keys
  }

  /// The storages that an object refers to, which must agree on what each one is.
  private static func references(
    in graph: PickleGraph, place: String
  ) throws(WeightFileError) -> [String: PickledStorage] {
    var references: [String: PickledStorage] = [:]
    for case .storage(let storage) in graph.nodes {
      if let known = references[storage.key],
        known.count != storage.count || known.elementType != storage.elementType
      {
        throw .malformed(
          place: place, found: "two sizes or types of storage `\(storage.key.prefixForMessage)`",
          expected: "one")
      }
      references[storage.key] = storage
    }
    return references
  }

  private static func storage(
    _ reference: PickledStorage, _ file: OpenFile, _ reader: inout ByteReader
  ) throws(WeightFileError) -> Storage {
    let start = reader.offset
    let count = try reader.number(byteCount: 8)
    guard count == UInt64(reference.count), let byteCount = reference.byteCount else {
      throw reader.malformed(
        "a storage of \(count) elements", expected: "\(reference.count)", at: start)
    }
    let place = "\(file.path): storage \(reference.key)"
    let first = reader.offset
    try reader.skip(byteCount)
    return Storage(file, range: first..<reader.offset, place: place, checksum: nil)
  }
}
