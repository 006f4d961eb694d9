internal import DurableFiles

/// A weight file that grows under a temporary name, tensor by tensor in the announced order.
///
///     let draft = try SafetensorsDraft("model.safetensors", tensors: announced)
///     for tensor in tensors { try draft.add(tensor.numbers) }
///     try draft.publish()
///
/// A tensor may come in several parts; no part reaches into the next tensor. A draft that is not
/// published leaves nothing behind.
public protocol WeightDraft {
  /// Appends numbers, the last axis running fastest.
  func add(_ numbers: UnsafeBufferPointer<Float>) throws(WeightFileError)

  /// Puts the file under its name once all announced numbers are in it.
  func publish() throws(WeightFileError)
}

/// A tensor that will be written.
public struct AnnouncedTensor: Equatable, Sendable {
  /// How its numbers are stored.
  public enum Form: Equatable, Sendable {
    case float32
    /// Whole numbers, as PyTorch counts in; each is given as the Float32 that is equal to it.
    case int64
  }

  public let name: String
  public let shape: [Int]
  public let form: Form

  public var elementCount: Int { shape.reduce(1, *) }
  var byteCount: Int { elementType.byteCount * elementCount }

  var elementType: ElementType {
    switch form {
    case .float32: .float32
    case .int64: .int64
    }
  }

  public init(name: String, shape: [Int], form: Form = .float32) {
    self.name = name
    self.shape = shape
    self.form = form
  }

  /// Hands on numbers as they are stored.
  func store(
    _ numbers: UnsafeBufferPointer<Float>, in path: String,
    by write: (UnsafeRawBufferPointer) throws(FileError) -> Void
  ) throws(WeightFileError) {
    switch form {
    case .float32:
      try hand(UnsafeRawBufferPointer(numbers), to: write)
    case .int64:
      var whole: [Int64] = []
      for number in numbers {
        guard let value = Int64(exactly: number) else {
          throw .notWhole(path: path, name: name, found: number)
        }
        whole.append(value.littleEndian)
      }
      try whole.withUnsafeBufferPointer { (whole) throws(WeightFileError) in
        try hand(UnsafeRawBufferPointer(whole), to: write)
      }
    }
  }

  private func hand(
    _ bytes: UnsafeRawBufferPointer, to write: (UnsafeRawBufferPointer) throws(FileError) -> Void
  ) throws(WeightFileError) {
    do throws(FileError) {
      try write(bytes)
    } catch {
      throw .file(error)
    }
  }
}
