/// A weight file that grows under a temporary name, tensor by tensor in the announced order.
///
///     let draft = try SafetensorsDraft("model.safetensors", tensors: announced)
///     for tensor in tensors { try draft.add(tensor.numbers) }
///     try draft.publish()
///
/// A tensor may come in several parts. A draft that is not published leaves nothing behind.
public protocol WeightDraft {
  /// Appends numbers, the last axis running fastest.
  func add(_ numbers: UnsafeBufferPointer<Float>) throws(WeightFileError)

  /// Puts the file under its name once all announced numbers are in it.
  func publish() throws(WeightFileError)
}

/// A tensor that will be written.
public struct AnnouncedTensor: Equatable, Sendable {
  public let name: String
  public let shape: [Int]

  public var elementCount: Int { shape.reduce(1, *) }
  var byteCount: Int { 4 * elementCount }

  public init(name: String, shape: [Int]) {
    self.name = name
    self.shape = shape
  }
}
