internal import ProtobufSchemas
internal import SwiftProtobuf

/// A model too long for one protobuf message: its parameters stand in a second file beside it.
///
/// Every tensor begins at a multiple of 4096 bytes, so that readers can map it into memory.
///
/// - Source: ONNX, "External Data".
struct ExternalData {
  static let alignment = 4096

  struct Piece {
    let initializer: ONNXInitializer
    let parameter: ONNXInitializer.ParameterValues
    let offset: Int
  }

  /// The whole message of the model's own file.
  let message: [UInt8]
  let pieces: [Piece]

  /// - Parameter location: the second file's name, without folders.
  /// - Throws: ``ONNXError/tooLarge(byteCount:limit:)``.
  init(_ model: ONNXModel, location: String, limit: Int) throws(ONNXError) {
    var pieces: [Piece] = []
    var graph = model.graphWithoutParameters
    var offset = 0
    for initializer in model.initializers {
      guard case .parameter(let parameter) = initializer.contents else { continue }
      pieces.append(Piece(initializer: initializer, parameter: parameter, offset: offset))
      var tensor = initializer.messageWithoutValues
      tensor.dataLocation = .external
      tensor.externalData = [
        .entry("location", location), .entry("offset", "\(offset)"),
        .entry("length", "\(initializer.byteCount)"),
      ]
      graph.initializer.append(tensor)
      offset += (initializer.byteCount + Self.alignment - 1) / Self.alignment * Self.alignment
    }
    var frame = model.frame
    frame.graph = graph
    message = try InitializerStream.bytes(of: frame)
    self.pieces = pieces
    guard message.count <= limit else {
      throw .tooLarge(byteCount: message.count, limit: limit)
    }
  }

  /// Writes the second file, in order, without going back.
  func write(
    values: (_ path: String) -> [Float],
    to write: (UnsafeRawBufferPointer) throws(ONNXError) -> Void
  ) throws(ONNXError) {
    var end = 0
    for piece in pieces {
      try [UInt8](repeating: 0, count: piece.offset - end).write(to: write)
      let stored = try piece.initializer.stored(values(piece.parameter.path), of: piece.parameter)
      try stored.write(to: write)
      end = piece.offset + piece.initializer.byteCount
    }
  }
}
