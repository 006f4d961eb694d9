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
