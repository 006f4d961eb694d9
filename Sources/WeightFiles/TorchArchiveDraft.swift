internal import DurableFiles

/// Writes what torch.load reads, its safe mode included: a zip archive with a pickle of names and
/// shapes, and a member for the numbers of each tensor.
///
/// Tensors stand under a key of their own, as in a training checkpoint, and are Float32 or Int64.
public final class TorchArchiveDraft: WeightDraft {
  private let archive: ZipDraft
  private let tensors: [AnnouncedTensor]
  private let path: String
  /// The tensor that is being written, and how many of its numbers are missing.
  private var index = -1
  private var missingCount = 0

  /// Any name will do; PyTorch takes the file's.
  private static let root = "archive"

  /// - Parameters:
  ///   - values: what stands beside the tensors.
  ///   - stateKey: what the tensors are under.
  ///   - tensors: in the order in which their numbers will come; no name twice.
  public init(
    _ path: String, values: [(name: String, value: AnnouncedValue)], stateKey: String,
    tensors: [AnnouncedTensor]
  ) throws(WeightFileError) {
    precondition(
      Set(tensors.map(\.name)).count == tensors.count, "\(path): a tensor's name stands twice.")
    if let large = tensors.first(where: { $0.byteCount > ZipDraft.memberLimit }) {
      throw .beyondLimit(
        place: "\(path): `\(large.name)`", found: "\(large.byteCount) bytes",
        limit: "\(ZipDraft.memberLimit) bytes in a tensor")
    }
    self.path = path
    self.tensors = tensors
    do throws(FileError) {
      archive = try ZipDraft(path)
      try archive.add("\(Self.root)/data.pkl", Self.pickle(values, stateKey, tensors))
      try archive.add("\(Self.root)/.format_version", Array("1".utf8))
      try archive.add("\(Self.root)/.storage_alignment", Array("\(ZipDraft.alignment)".utf8))
      try archive.add("\(Self.root)/byteorder", Array("little".utf8))
      try beginTensors()
    } catch {
      throw .file(error)
    }
  }

  public func add(_ numbers: UnsafeBufferPointer<Float>) throws(WeightFileError) {
    precondition(
      numbers.count <= missingCount, "\(path): numbers beyond the end of a tensor, or after all")
    if numbers.isEmpty { return }
    try tensors[index].store(numbers, in: path) { (bytes) throws(FileError) in
      try archive.write(bytes)
    }
    missingCount -= numbers.count
    do throws(FileError) {
      if missingCount == 0 { try beginTensors() }
    } catch {
      throw .file(error)
    }
  }

  public func publish() throws(WeightFileError) {
    precondition(index == tensors.count, "\(path): announced tensors are missing")
    do throws(FileError) {
      try archive.add("\(Self.root)/version", Array("3\n".utf8))
      try archive.publish()
    } catch {
      throw .file(error)
    }
  }

  /// Begins the next tensor that has numbers; those without any are members of their own too.
  private func beginTensors() throws(FileError) {
    repeat {
      index += 1
      guard index < tensors.count else { return }
      missingCount = tensors[index].elementCount
      try archive.begin("\(Self.root)/data/\(index)", byteCount: tensors[index].byteCount)
    } while missingCount == 0
  }

  private static func pickle(
    _ values: [(name: String, value: AnnouncedValue)], _ stateKey: String,
    _ tensors: [AnnouncedTensor]
  ) -> [UInt8] {
    var pickle = PickleText()
    pickle.beginDictionary()
    for (name, value) in values {
      pickle.text(name)
      switch value {
      case .integer(let number): pickle.integer(number)
      case .text(let text): pickle.text(text)
      }
    }
    pickle.text(stateKey)
    pickle.beginDictionary()
    for (index, tensor) in tensors.enumerated() {
      pickle.text(tensor.name)
      pickle.tensor(tensor.shape, tensor.form, storage: "\(index)")
    }
    pickle.endDictionary()
    pickle.endDictionary()
    pickle.stop()
    return pickle.bytes
  }
}

/// What a training checkpoint says beside its tensors.
public enum AnnouncedValue: Equatable, Sendable {
  case integer(Int)
  case text(String)
}
