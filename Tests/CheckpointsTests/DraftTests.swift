import DurableFiles
import FileTestSupport
import Foundation
import Testing

@testable import Checkpoints

/// Checkpoints that grow tensor by tensor.
@Suite struct DraftTests {
  let sample: SampleCheckpoint
  let path: String

  init() throws {
    sample = try SampleCheckpoint.small()
    path = "\(sample.folder.path)/grown.h5"
  }

  private var names: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: sample.folder.path).sorted() }
  }

  private func draft() throws -> CheckpointDraft {
    try CheckpointDraft(path, document: sample.document, elementCounts: [1])
  }

  private var parameters: [CheckpointTensor] {
    sample.parameters.checkpointTensors
      .sorted { CheckpointFormat.ordered($0.path, $1.path) }
  }

  @Test func `tensors of one at a time are the file that all at once are`() throws {
    let draft = try draft()
    for tensor in parameters { try draft.add(tensor, to: .parameters) }
    let digest = try draft.publish()
    let other = "\(sample.folder.path)/whole.h5"
    let expected = try CheckpointWriter.write(
      to: other, document: sample.document, parameters: parameters)
    #expect(digest == expected)
    let contents = try [path, other].map { try Data(contentsOf: URL(filePath: $0)) }
    #expect(contents[0] == contents[1])
    #expect(try CheckpointReader(path).verify().isEmpty)
  }

  /// Damage of every kind between the writing and the reading back: nothing of it is published, and
  /// what stood under the name before stays.
  @Test(arguments: [0, 1, 2, 3])
  func `a draft that is damaged on its way is not published`(_ kind: Int) throws {
    try sample.write(to: path)
    let older = try Data(contentsOf: URL(filePath: path))
    let draft = try draft()
    for tensor in parameters { try draft.add(tensor, to: .parameters) }
    try draft.close()
    let temporary = URL(filePath: draft.temporaryPath)
    var bytes = try Data(contentsOf: temporary)
    switch kind {
    // The last byte belongs to the root group, the middle one to a tensor or a header.
    case 0: bytes[bytes.count / 2] ^= 1
    case 1: bytes[bytes.count - 1] ^= 0x80
    case 2: bytes.removeLast(bytes.count / 3)
    default: bytes = try Data(contentsOf: URL(filePath: sample.path))
    }
    // In place, as a bad disk would.
    let file = try FileHandle(forWritingTo: temporary)
    try file.truncate(atOffset: 0)
    try file.write(contentsOf: bytes)
    try file.close()
    let error = #expect(throws: CheckpointError.self) { try draft.publish() }
    guard case .file(let failure)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(failure.problem?.hasPrefix("read back, it is wrong: ") == true)
    #expect(try Data(contentsOf: URL(filePath: path)) == older)
  }

  /// A whole checkpoint, each digest right, of other numbers: only who wrote it can tell.
  @Test func `a draft is compared with what was given`() throws {
    let draft = try draft()
    for tensor in parameters { try draft.add(tensor, to: .parameters) }
    try draft.close()
    let other = try SampleCheckpoint(shapes: Array(SampleCheckpoint.shapes.prefix(8)), seed: 99)
    let text = "\(sample.folder.path)/other.h5"
    try CheckpointWriter.write(
      to: text, document: sample.document, parameters: other.parameters.checkpointTensors)
    let bytes = try Data(contentsOf: URL(filePath: text))
    let file = try FileHandle(forWritingTo: URL(filePath: draft.temporaryPath))
    try file.truncate(atOffset: 0)
    try file.write(contentsOf: bytes)
    try file.close()
    #expect(throws: CheckpointError.self) { try draft.publish() }
  }

  @Test func `an unpublished draft leaves nothing`() throws {
    let before = try names
    do {
      let draft = try draft()
      try draft.add(parameters[0], to: .parameters)
      #expect(try names.count == before.count + 1)
    }
    #expect(try names == before)
  }

  @Test func `tensors that do not fit on the disk are not begun`() throws {
    let before = try names
    #expect(throws: CheckpointError.self) {
      _ = try CheckpointDraft(path, document: sample.document, elementCounts: [1 << 50])
    }
    #expect(try names == before)
  }
}
