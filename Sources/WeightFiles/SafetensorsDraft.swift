internal import DurableFiles
internal import StrictJSON

/// Writes safetensors: an 8-byte length, a JSON header, then the numbers without gaps.
///
/// Tensors are Float32 or Int64. The header is filled up to a multiple of 8 bytes, so that readers
/// can map the numbers into memory.
public final class SafetensorsDraft: WeightDraft {
  private let file: AtomicFile
  private let tensors: [AnnouncedTensor]
  /// The tensor that is being written, and how many of its numbers are missing.
  private var index = -1
  private var missingCount = 0

  /// - Parameters:
  ///   - tensors: in the order in which their numbers will come; no name twice.
  ///   - metadata: what the file says about itself.
  public init(
    _ path: String, tensors: [AnnouncedTensor], metadata: [String: String] = [:]
  ) throws(WeightFileError) {
    precondition(
      Set(tensors.map(\.name)).count == tensors.count, "\(path): a tensor's name stands twice.")
    self.tensors = tensors
    do throws(FileError) {
      file = try AtomicFile(path)
      try file.write(Self.header(tensors, metadata))
    } catch {
      throw .file(error)
    }
    beginTensors()
  }

  public func add(_ numbers: UnsafeBufferPointer<Float>) throws(WeightFileError) {
    precondition(
      numbers.count <= missingCount,
      "\(file.path): numbers beyond the end of a tensor, or after all")
    if numbers.isEmpty { return }
    try tensors[index].store(numbers, in: file.path) { (bytes) throws(FileError) in
      try file.write(bytes)
    }
    missingCount -= numbers.count
    if missingCount == 0 { beginTensors() }
  }

  /// Goes to the next tensor that has numbers.
  private func beginTensors() {
    repeat {
      index += 1
      guard index < tensors.count else { return }
      missingCount = tensors[index].elementCount
    } while missingCount == 0
  }

  public func publish() throws(WeightFileError) {
    precondition(index == tensors.count, "\(file.path): announced tensors are missing")
    do throws(FileError) {
      try file.publish()
    } catch {
      throw .file(error)
    }
  }

  private static func header(
    _ tensors: [AnnouncedTensor], _ metadata: [String: String]
  ) -> [UInt8] {
    func numbers(_ values: [Int]) -> JSONValue { .array(values.map { .number("\($0)") }) }
    var members: [JSONValue.Member] = []
    if !metadata.isEmpty {
      let facts = metadata.sorted { $0.key < $1.key }
        .map { JSONValue.Member(name: $0.key, value: .text($0.value)) }
      members.append(.init(name: "__metadata__", value: .object(facts)))
    }
    var offset = 0
    for tensor in tensors {
      let end = offset + tensor.byteCount
      members.append(
        .init(
          name: tensor.name,
          value: .object([
            .init(name: "dtype", value: .text(tensor.elementType.rawValue)),
            .init(name: "shape", value: numbers(tensor.shape)),
            .init(name: "data_offsets", value: numbers([offset, end])),
          ])))
      offset = end
    }
    var text = Array(JSONValue.object(members).serialized.utf8)
    text += [UInt8](repeating: UInt8(ascii: " "), count: (8 - text.count % 8) % 8)
    return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text
  }
}
