import DurableFiles
import FileTestSupport
import Foundation
import Testing

@testable import Checkpoints

@Suite struct CheckpointFolderTests {
  private let root: TemporaryFolder
  private let sample: SampleCheckpoint

  init() throws {
    root = try TemporaryFolder()
    sample = try SampleCheckpoint.small()
  }

  private func open() throws -> CheckpointFolder {
    try CheckpointFolder(root: root.path, run: "run")
  }

  private func write(_ step: Int, in folder: CheckpointFolder) throws {
    try FileManager.default.copyItem(atPath: sample.path, toPath: folder.path(ofStep: step))
  }

  private func damage(_ path: String) throws {
    var bytes = try Data(contentsOf: URL(filePath: path))
    bytes[bytes.count / 2] ^= 1
    try bytes.write(to: URL(filePath: path))
  }

  private func link(_ name: String, _ folder: CheckpointFolder) -> String? {
    AtomicLink.target(of: "\(folder.path)/\(name).h5")
  }

  // MARK: Names

  @Test func `names have eight digits or more and are read back`() throws {
    #expect(CheckpointFolder.name(ofStep: 1_200) == "step-00001200.h5")
    #expect(CheckpointFolder.name(ofStep: 123_456_789) == "step-123456789.h5")
    let folder = try open()
    let others = [
      "step-1.h5", "step--0000001.h5", "step-000000010.h5", "step-+0000001.h5", "step-0000000x.h5",
      "step-00000009.h5.bak", ".step-00000001.h5.1-1.duiqi-tmp", "x.h5",
    ]
    for name in others + ["step-00000010.h5", "step-123456789.h5", "step-00000000.h5"] {
      try Data().write(to: URL(filePath: "\(folder.path)/\(name)"))
    }
    #expect(CheckpointFolder.steps(in: folder.path) == [0, 10, 123_456_789])
    #expect(CheckpointFolder.steps(in: "\(root.path)/x") == [])
  }

  @Test(arguments: ["", ".", "..", "../up", "a/b", ".hidden", "a\u{0}b"])
  func `a run's name cannot lead out of the root`(_ name: String) throws {
    let error = #expect(throws: FileError.self) {
      try CheckpointFolder(root: root.path, run: name)
    }
    #expect(error?.code == EINVAL)
    #expect(root.names() == [])
  }

  // MARK: Ownership

  @Test func `a second owner is refused, in this process and in another`() throws {
    let folder = try open()
    let error = #expect(throws: FileError.self) { try open() }
    #expect(error?.operation == .lock && error?.code == EWOULDBLOCK)
    let child = try ChildProcess("write", root.path, "run")
    #expect(child.nextOutput().contains("process \(getpid()) is using this folder"))
    child.kill()
    withExtendedLifetime(folder) {}
  }

  @Test func `what a killed run left is swept away, nothing else is`() throws {
    let path = try open().path
    for name in [".step-00000003.h5.77-5.duiqi-tmp", ".last.h5.77-6.duiqi-tmp", "notes.txt"] {
      try Data([1]).write(to: URL(filePath: "\(path)/\(name)"))
    }
    _ = try open()
    #expect(try Folder.names(in: path) == [".lock", "notes.txt"])
  }

  @Test func `a root that is a file is a typed error`() throws {
    let file = try root.write([], to: "file")
    let error = #expect(throws: FileError.self) { try CheckpointFolder(root: file, run: "run") }
    #expect(error?.operation == .create)
  }

  // MARK: Links and what is kept

  @Test func `the newest and the best are kept and linked`() throws {
    let folder = try open()
    var kept: [[Int]] = []
    for step in 1...6 {
      try write(step, in: folder)
      try folder.adopt(step: step, isBest: step == 1 || step == 3, keep: 2)
      kept.append(CheckpointFolder.steps(in: folder.path))
      #expect(link("last", folder) == CheckpointFolder.name(ofStep: step))
      #expect(link("best", folder) == CheckpointFolder.name(ofStep: step < 3 ? 1 : 3))
    }
    #expect(kept == [[1], [1, 2], [2, 3], [3, 4], [3, 4, 5], [3, 5, 6]])
    #expect(CheckpointReader.verify("\(folder.path)/best.h5") == [])
  }

  @Test func `at least one checkpoint is kept, whatever is asked for`() throws {
    let folder = try open()
    for step in [1, 2] {
      try write(step, in: folder)
      try folder.adopt(step: step, isBest: false, keep: 0)
    }
    #expect(CheckpointFolder.steps(in: folder.path) == [2])
    #expect(link("best", folder) == nil)
  }

  @Test func `a checkpoint that is not there is not linked, and nothing is deleted`() throws {
    let folder = try open()
    try write(1, in: folder)
    try folder.adopt(step: 1, isBest: true, keep: 1)
    #expect(throws: FileError(.link, path: folder.path(ofStep: 2), code: ENOENT)) {
      try folder.adopt(step: 2, isBest: true, keep: 1)
    }
    #expect(link("last", folder) == "step-00000001.h5")
    #expect(link("best", folder) == "step-00000001.h5")
    #expect(CheckpointFolder.steps(in: folder.path) == [1])
  }

  @Test func `a checkpoint that cannot be deleted is named after all others are`() throws {
    let folder = try open()
    // A folder in a checkpoint's place is what not even the superuser can unlink.
    try Folder.create("\(folder.path(ofStep: 1))/x")
    for step in [2, 3] { try write(step, in: folder) }
    let error = #expect(throws: FileError.self) {
      try folder.adopt(step: 3, isBest: false, keep: 1)
    }
    #expect(error?.operation == .remove && error?.path == folder.path(ofStep: 1))
    #expect(CheckpointFolder.steps(in: folder.path) == [1, 3])
    #expect(link("last", folder) == "step-00000003.h5")
  }

  // MARK: Going on

  @Test func `the newest good checkpoint is found and the damaged ones are named`() throws {
    let folder = try open()
    for step in 1...4 { try write(step, in: folder) }
    try damage(folder.path(ofStep: 3))
    try Data().write(to: URL(filePath: folder.path(ofStep: 4)))
    let found = try CheckpointFolder.newestGood(in: folder.path)
    #expect(found.reader?.path == folder.path(ofStep: 2))
    #expect(found.refused.count == 2)
    #expect(
      found.refused.first
        == .truncated(path: folder.path(ofStep: 4), problem: "it is empty"))
    guard case .damaged(folder.path(ofStep: 3), _, _)? = found.refused.last else {
      Issue.record("\(found.refused)")
      return
    }
    // The run goes on from step 2; the damaged ones are out of its way.
    let old = try #require(try folder.rewind(to: 2, bestStep: 0))
    #expect(CheckpointFolder.steps(in: folder.path) == [1, 2])
    #expect(CheckpointFolder.steps(in: old) == [3, 4])
  }

  @Test func `where no checkpoint is good, all are named and none is given`() throws {
    let folder = try open()
    for step in [1, 2] {
      try write(step, in: folder)
      try damage(folder.path(ofStep: step))
    }
    let found = try CheckpointFolder.newestGood(in: folder.path)
    #expect(found.reader == nil)
    #expect(found.refused.count == 2)
    #expect(try CheckpointFolder.newestGood(in: "\(root.path)/x").reader == nil)
  }

  private struct Refusal: Error {}

  @Test func `an error with a whole checkpoint ends the search, one with a damaged one does not`()
    throws
  {
    let folder = try open()
    for step in 1...3 { try write(step, in: folder) }
    var seen: [String] = []
    func use(_ reader: CheckpointReader) throws(Refusal) -> String {
      seen.append(reader.path)
      throw Refusal()
    }
    #expect(throws: Refusal.self) { try CheckpointFolder.withNewest(in: folder.path, use) }
    #expect(seen == [folder.path(ofStep: 3)])
    try damage(folder.path(ofStep: 3))
    seen = []
    #expect(throws: Refusal.self) { try CheckpointFolder.withNewest(in: folder.path, use) }
    #expect(seen.last == folder.path(ofStep: 2))
    // Nobody asks whether a file is whole that serves.
    let found = CheckpointFolder.withNewest(in: folder.path) { $0.path }
    #expect(found.result != nil)
  }

  // MARK: Setting aside

  @Test func `a new run of the same name finds an empty folder, the old one stays`() throws {
    let folder = try open()
    #expect(try folder.setAside() == nil)
    for number in 1...2 {
      for step in [4, 5] {
        try write(step, in: folder)
        try folder.adopt(step: step, isBest: step == 4, keep: 2)
      }
      #expect(try folder.setAside() == "\(folder.path)/old-\(number)")
      #expect(try Folder.names(in: folder.path).filter { $0.hasSuffix(".h5") } == [])
      let old = "\(folder.path)/old-\(number)"
      #expect(CheckpointFolder.steps(in: old) == [4, 5])
      #expect(CheckpointReader.verify("\(old)/last.h5") == [])
      #expect(AtomicLink.target(of: "\(old)/best.h5") == "step-00000004.h5")
    }
  }

  @Test func `a future that is given up is set aside, and links lead where they led`() throws {
    let folder = try open()
    for step in 1...5 {
      try write(step, in: folder)
      try folder.adopt(step: step, isBest: [1, 2, 4].contains(step), keep: 5)
    }
    let old = try #require(try folder.rewind(to: 3, bestStep: 2))
    #expect(CheckpointFolder.steps(in: folder.path) == [1, 2, 3])
    #expect(link("last", folder) == "step-00000003.h5")
    #expect(link("best", folder) == "step-00000002.h5")
    #expect(CheckpointFolder.steps(in: old) == [4, 5])
    #expect(AtomicLink.target(of: "\(old)/best.h5") == "step-00000004.h5")
    #expect(AtomicLink.target(of: "\(old)/last.h5") == "step-00000005.h5")
    #expect(try folder.rewind(to: 3, bestStep: 2) == nil)
  }

  @Test func `a best checkpoint that is gone is not linked`() throws {
    let folder = try open()
    for step in [2, 3] { try write(step, in: folder) }
    try folder.adopt(step: 3, isBest: true, keep: 2)
    _ = try folder.rewind(to: 2, bestStep: 1)
    #expect(link("last", folder) == "step-00000002.h5")
    #expect(link("best", folder) == nil)
    // A run without validation has no best step at all.
    #expect(try folder.rewind(to: 2, bestStep: 0) == nil)
    #expect(link("best", folder) == nil)
  }

  @Test func `links of a run killed before it led them on are led on`() throws {
    let folder = try open()
    try write(1, in: folder)
    try folder.adopt(step: 1, isBest: true, keep: 2)
    try write(2, in: folder)
    #expect(try folder.rewind(to: 2, bestStep: 2) == nil)
    #expect(link("last", folder) == "step-00000002.h5")
    #expect(link("best", folder) == "step-00000002.h5")
  }
}
