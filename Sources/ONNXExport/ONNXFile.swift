internal import DurableFiles
internal import ProtobufSchemas
internal import SwiftProtobuf

/// What stands in an ONNX file, read without the values of its tensors.
public struct ONNXFile: Sendable {
  /// A tensor that belongs to the model.
  public struct Tensor: Sendable, Hashable {
    public let name: String
    public let sizes: [Int]
    /// ONNX's number for the type of its elements; 1 is Float32.
    public let elementType: Int
    /// Bytes that the file, or the one beside it, has for the values; nil where they are written
    /// as single numbers.
    let byteCount: Int?
    /// The file beside this one that has the values.
    let location: String?
    let offset: Int

    /// Zero where the sizes are no sizes.
    public var elementCount: Int {
      sizes.reduce(1) { count, size in
        let (product, overflow) = count.multipliedReportingOverflow(by: max(0, size))
        return overflow ? 0 : product
      }
    }
  }

  public let path: String
  public internal(set) var formatVersion = 0
  public internal(set) var producer = ""
  /// Of ONNX's own operators.
  public internal(set) var operatorSet = 0
  public internal(set) var name = ""
  public internal(set) var inputs: [ONNXValue] = []
  public internal(set) var outputs: [ONNXValue] = []
  public internal(set) var nodeCount = 0
  public internal(set) var tensors: [Tensor] = []
  public internal(set) var metadata: [ONNXModel.Metadata] = []
  /// Where the digits of our digest begin.
  var digestOffset: Int?

  /// - Throws: ``ONNXError/unreadable(path:problem:)``, ``ONNXError/file(_:)``.
  public init(_ path: String) throws(ONNXError) {
    self.path = path
    let file = try Self.open(path)
    var fields = WireFields(file, 0..<file.byteCount)
    var hasGraph = false
    while let (field, value) = try fields.next() {
      switch (field, value) {
      case (1, .number(let number)): formatVersion = Int(clamping: number)
      case (2, .bytes(let range)): producer = try Self.text(file, range)
      case (7, .bytes(let range)):
        hasGraph = true
        try readGraph(file, range)
      case (8, .bytes(let range)):
        let set: ONNXOperatorSetIdProto = try Self.message(file, range)
        if ["", "ai.onnx"].contains(set.domain) { operatorSet = Int(set.version) }
      case (14, .bytes(let range)): try readMetadata(file, range)
      default: break
      }
    }
    guard hasGraph, formatVersion > 0, operatorSet > 0 else {
      throw .unreadable(path: path, problem: "it has no graph, or no version")
    }
  }

  private mutating func readGraph(_ file: OpenFile, _ range: Range<Int>) throws(ONNXError) {
    var fields = WireFields(file, range)
    while let (field, value) = try fields.next() {
      guard case .bytes(let range) = value else { continue }
      switch field {
      case 1: nodeCount += 1
      case 2: name = try Self.text(file, range)
      case 5: tensors.append(try tensor(file, range))
      case 11: inputs.append(ONNXValue(try Self.message(file, range)))
      case 12: outputs.append(ONNXValue(try Self.message(file, range)))
      default: break
      }
    }
  }

  private mutating func readMetadata(_ file: OpenFile, _ range: Range<Int>) throws(ONNXError) {
    let entry: ONNXStringStringEntryProto = try Self.message(file, range)
    if entry.key == ContentDigest.key {
      digestOffset = range.upperBound - ContentDigest.placeholder.utf8.count
    }
    metadata.append(.init(entry.key, entry.value))
  }

  /// Everything of a tensor but its values.
  private func tensor(_ file: OpenFile, _ range: Range<Int>) throws(ONNXError) -> Tensor {
    var fields = WireFields(file, range)
    var rest: [UInt8] = []
    var byteCount: Int?
    var start = range.lowerBound
    while let (field, value) = try fields.next() {
      let whole = start..<fields.position
      start = fields.position
      if field == 9, case .bytes(let data) = value {
        byteCount = data.count
      } else if [1, 2, 8, 13, 14].contains(field) {
        guard whole.count <= Self.textLimit else {
          throw .unreadable(path: path, problem: "a tensor's name or sizes are too long")
        }
        rest += try Self.read(file, whole)
      }
    }
    let message: ONNXTensorProto = try Self.decoded(rest, path)
    let external = { (key: String) in message.externalData.first { $0.key == key }?.value }
    let isExternal = message.dataLocation == .external
    return Tensor(
      name: message.name, sizes: message.dims.map { Int($0) }, elementType: Int(message.dataType),
      byteCount: isExternal ? external("length").flatMap { Int($0) } : byteCount,
      location: isExternal ? external("location") ?? "" : nil,
      offset: external("offset").flatMap { Int($0) } ?? 0)
  }
}

// MARK: Reading

extension ONNXFile {
  /// A name or a description longer than this is none.
  private static let textLimit = 1 << 20

  static func open(_ path: String) throws(ONNXError) -> OpenFile {
    do throws(FileError) {
      return try OpenFile(path)
    } catch {
      throw .file(error)
    }
  }

  static func read(_ file: OpenFile, _ range: Range<Int>) throws(ONNXError) -> [UInt8] {
    do throws(FileError) {
      return try file.read(range)
    } catch {
      throw .file(error)
    }
  }

  private static func short(_ file: OpenFile, _ range: Range<Int>) throws(ONNXError) -> [UInt8] {
    guard range.count <= textLimit else {
      throw .unreadable(
        path: file.path,
        problem: "byte \(range.lowerBound): \(range.count) bytes where a name "
          + "or a description stands")
    }
    return try read(file, range)
  }

  private static func text(_ file: OpenFile, _ range: Range<Int>) throws(ONNXError) -> String {
    String(decoding: try short(file, range), as: UTF8.self)
  }

  private static func message<Message: SwiftProtobuf.Message>(
    _ file: OpenFile, _ range: Range<Int>
  ) throws(ONNXError) -> Message {
    try decoded(try short(file, range), file.path)
  }

  private static func decoded<Message: SwiftProtobuf.Message>(
    _ bytes: [UInt8], _ path: String
  ) throws(ONNXError) -> Message {
    do {
      return try Message(serializedBytes: bytes)
    } catch {
      throw .unreadable(path: path, problem: "a part of it is no message of ONNX")
    }
  }
}

extension ONNXValue {
  fileprivate init(_ message: ONNXValueInfoProto) {
    let tensor = message.type.tensorType
    self.init(
      name: message.name, elementType: ONNXElementType(rawValue: tensor.elemType) ?? .other,
      dimensions: tensor.shape.dim.map { dimension in
        switch dimension.value {
        case .dimValue(let size): .fixed(Int(size))
        case .dimParam(let name): .named(name)
        case nil: .named("?")
        }
      })
  }
}
