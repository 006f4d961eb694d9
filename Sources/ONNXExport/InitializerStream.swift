internal import ProtobufSchemas
internal import SwiftProtobuf

/// A model's file as the pieces it is written in: one message, its tensors streamed.
///
/// All lengths are known before a value is, so the lengths that protobuf puts in front can be
/// written first and each tensor's values afterwards, one tensor in memory at a time. The result
/// is a single ordinary ModelProto. (Appending further serialized ModelProtos would be shorter,
/// since protobuf merges them, but readers such as Netron replace the graph instead.)
///
/// - Source: Protocol Buffers encoding, "Message structure"; field numbers of onnx.proto.
struct InitializerStream {
  /// Fields of a message that hold other messages or bytes.
  private enum Field {
    static let modelGraph = 7
    static let graphInitializer = 5
    static let tensorRawData = 9
  }

  struct Piece {
    /// What stands before the values: the lengths, the name, the dimensions.
    let header: [UInt8]
    let initializer: ONNXInitializer
    let parameter: ONNXInitializer.ParameterValues
  }

  /// The model's own fields, the graph's length and everything in the graph but the parameters.
  let head: [UInt8]
  let pieces: [Piece]
  let byteCount: Int

  /// - Throws: ``ONNXError/tooLarge(byteCount:limit:)`` if protobuf cannot hold the fields.
  init(_ model: ONNXModel) throws(ONNXError) {
    let frame = try InitializerStream.bytes(of: model.frame)
    let graph = try InitializerStream.bytes(of: model.graphWithoutParameters)
    var pieces: [Piece] = []
    var graphByteCount = graph.count
    for initializer in model.initializers {
      guard case .parameter(let parameter) = initializer.contents else { continue }
      let header = try InitializerStream.header(of: initializer)
      graphByteCount += header.count + initializer.byteCount
      pieces.append(Piece(header: header, initializer: initializer, parameter: parameter))
    }
    head = frame + InitializerStream.prefix(Field.modelGraph, byteCount: graphByteCount) + graph
    self.pieces = pieces
    byteCount = head.count + pieces.reduce(0) { $0 + $1.header.count + $1.initializer.byteCount }
  }

  /// Writes the whole file, in order, without going back.
  ///
  /// - Parameters:
  ///   - values: a whole parameter's values by path.
  ///   - write: appends bytes to the file.
  func write(
    values: (_ path: String) -> [Float],
    to write: (UnsafeRawBufferPointer) throws(ONNXError) -> Void
  ) throws(ONNXError) {
    try head.write(to: write)
    for piece in pieces {
      try piece.header.write(to: write)
      let stored = try piece.initializer.stored(values(piece.parameter.path), of: piece.parameter)
      try stored.write(to: write)
    }
  }

  // MARK: Parts

  /// The initializer's field in the graph up to where its values begin.
  private static func header(of initializer: ONNXInitializer) throws(ONNXError) -> [UInt8] {
    let description = try bytes(of: initializer.messageWithoutValues)
    let dataPrefix = prefix(Field.tensorRawData, byteCount: initializer.byteCount)
    let byteCount = description.count + dataPrefix.count + initializer.byteCount
    return prefix(Field.graphInitializer, byteCount: byteCount) + description + dataPrefix
  }

  /// A length-delimited field's tag and length.
  private static func prefix(_ field: Int, byteCount: Int) -> [UInt8] {
    variableLengthInteger(UInt64(field << 3 | 2)) + variableLengthInteger(UInt64(byteCount))
  }

  /// Seven bits a byte, lowest first; the top bit says that more follow.
  private static func variableLengthInteger(_ value: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }

  static func bytes(of message: some SwiftProtobuf.Message) throws(ONNXError) -> [UInt8] {
    do {
      return try message.serializedBytes()
    } catch {
      // Without required fields and extensions, length is the only thing that can be wrong.
      throw .tooLarge(byteCount: Int(Int32.max), limit: Int(Int32.max))
    }
  }
}

extension ONNXInitializer {
  /// Of the values as stored; four bytes for each Float32.
  var byteCount: Int { elementCount * MemoryLayout<Float>.size }
}

extension Array where Element: BitwiseCopyable {
  /// The elements' bytes; little-endian, as all machines are that this is built for.
  func write(to write: (UnsafeRawBufferPointer) throws(ONNXError) -> Void) throws(ONNXError) {
    if isEmpty { return }
    try withUnsafeBufferPointer { elements throws(ONNXError) in
      try write(UnsafeRawBufferPointer(elements))
    }
  }
}
