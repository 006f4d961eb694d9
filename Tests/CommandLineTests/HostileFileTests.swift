import Checkpoints
import FileTestSupport
import Foundation
import Testing

/// Checkpoints from elsewhere: damaged, of another kind, or made to do harm.
@Suite struct HostileFileTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func evaluate(_ checkpoint: String) throws -> DuiqiProcess.Outcome {
    try DuiqiProcess.run(
      "evaluate", checkpoint, "--data", RepositoryFiles.validation, in: folder)
  }

  @Test func `text, nothing and a folder are no checkpoints`() throws {
    try folder.write("this is no HDF5 file, however long it may be", to: "text.h5")
    try folder.write([], to: "empty.h5")
    try folder.write("x", to: "folder.h5/inside")
    for name in ["text.h5", "empty.h5", "folder.h5"] {
      expectFailure(try evaluate(name), code: 1, naming: name)
    }
  }

  @Test func `a pipe is refused at once`() throws {
    #expect(mkfifo("\(folder.path)/pipe.h5", 0o600) == 0)
    expectFailure(try evaluate("pipe.h5"), code: 1, naming: "pipe.h5")
  }

  @Test func `a checkpoint that is cut anywhere fails`() throws {
    try TinyCheckpoint.write(to: folder)
    let bytes = try folder.bytes(of: "tiny.h5")
    for share in [0.001, 0.3, 0.9, 0.9999] {
      try folder.write(Array(bytes[..<Int(Double(bytes.count) * share)]), to: "cut.h5")
      expectFailure(try evaluate("cut.h5"), code: 1, naming: "cut.h5")
    }
  }

  @Test func `bytes overwritten in the structure fail without a crash`() throws {
    try TinyCheckpoint.write(to: folder)
    let bytes = try folder.bytes(of: "tiny.h5")
    for start in stride(from: 0, to: 1_536, by: 96) {
      var edited = bytes
      for offset in start..<start + 96 { edited[offset] = 0xFF }
      try folder.write(edited, to: "edited.h5")
      let outcome = try evaluate("edited.h5")
      // Some of these bytes belong to nothing.
      #expect(!outcome.wasKilled && [0, 1].contains(outcome.code), "bytes \(start)")
      #expect(outcome.code == 0 || outcome.errors.hasPrefix("duiqi: edited.h5"))
    }
  }

  @Test(arguments: [
    (#""vocabulary": 21128"#, #""vocabulary": 4000000"#),
    (#""vocabulary": 21128"#, #""vocabulary": 21127"#),
    (#""depth": 1"#, #""depth": 200"#), (#""embedding_width": 24"#, #""embedding_width": 16384"#),
    (#""depth": 1"#, #""depth": -1"#), (#""patch": 8"#, #""patch": 9223372036854775807"#),
    (#""head_width": 16"#, #""head_width": 0"#), (#""size": 16"#, #""size": 4096"#),
  ])
  func `a configuration that its tensors do not bear out takes no memory`(
    part: String, replacement: String
  ) throws {
    try TinyCheckpoint.write(to: folder, name: "tiny.h5") { document in
      document.configuration = document.configuration.replacing(part, with: replacement)
    }
    expectFailure(try evaluate("tiny.h5"), code: 1, naming: "tiny.h5")
  }

  @Test func `a family of another version is named`() throws {
    try TinyCheckpoint.write(to: folder, name: "tiny.h5") { document in
      document.configuration = document.configuration.replacing("chinese_clip", with: "jina_clip")
    }
    expectFailure(try evaluate("tiny.h5"), code: 1, naming: "jina_clip", "Use a newer duiqi.")
  }

  @Test func `a vocabulary that is none is named`() throws {
    try TinyCheckpoint.write(to: folder, name: "tiny.h5") { document in
      document.vocabulary = Array("一\n二\n".utf8)
    }
    expectFailure(try evaluate("tiny.h5"), code: 1, naming: "tiny.h5", "vocabulary")
  }

  @Test func `the hidden process judges by its code and its words`() throws {
    let path = try TinyCheckpoint.write(to: folder)
    #expect(try DuiqiProcess.run("probe-hdf5", path).code == 0)
  }
}
