import CHDF5
import DurableFiles
import FileTestSupport
import Foundation
import Testing

@testable import Checkpoints

/// Files that are something else, or a checkpoint that this version cannot read.
@Suite struct ForeignFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func refusal(_ path: String) throws -> CheckpointError? {
    #expect(throws: CheckpointError.self) { try CheckpointReader(path) }
  }

  /// An HDF5 file of another program.
  private func foreign(
    _ low: H5F_libver_t, _ body: (hid_t) -> Void = { _ in }
  ) throws -> String {
    let path = "\(folder.path)/foreign.h5"
    HDF5.locked {
      let access = H5Pcreate(dq_h5_file_access())
      defer { H5Pclose(access) }
      H5Pset_libver_bounds(access, low, H5F_LIBVER_V110)
      let file = H5Fcreate(path, dq_h5_truncate(), 0, access)
      defer { H5Fclose(file) }
      body(file)
    }
    return path
  }

  @Test func `nothing and folders are no checkpoints`() throws {
    let missing = "\(folder.path)/x.h5"
    #expect(try refusal(missing) == .missing(path: missing))
    guard case .file(let error)? = try refusal(folder.path) else {
      Issue.record("a folder")
      return
    }
    #expect(error.code == EISDIR)
    #expect(symlink("x.h5", "\(folder.path)/last.h5") == 0)
    #expect(try refusal("\(folder.path)/last.h5") == .missing(path: "\(folder.path)/last.h5"))
  }

  @Test(arguments: [
    "PK\u{3}\u{4} a zip file", "run: emoji\nseed: 7\n", "{}", String(repeating: "x", count: 5_000),
  ])
  func `files of other kinds are no HDF5`(_ text: String) throws {
    let path = try folder.write(Array(text.utf8), to: "a.h5")
    #expect(try refusal(path) == .notHDF5(path: path))
  }

  @Test func `an empty file is one that was cut short`() throws {
    let path = try folder.write([], to: "a.h5")
    #expect(try refusal(path) == .truncated(path: path, problem: "it is empty"))
  }

  @Test func `HDF5 of another program is foreign`() throws {
    let path = try foreign(H5F_LIBVER_V110)
    #expect(
      try refusal(path)
        == .foreign(path: path, problem: "this HDF5 file has no attribute `format` of ours"))
  }

  @Test func `HDF5 without checksums is refused before the library sees it`() throws {
    let path = try foreign(H5F_LIBVER_EARLIEST)
    #expect(
      try refusal(path)
        == .foreign(
          path: path, problem: "this HDF5 file has no checksums (superblock version 0)"))
  }

  @Test func `HDF5 of a version to come is unreadable`() throws {
    let sample = try SampleCheckpoint.small()
    var bytes = try sample.bytes
    bytes[8] = 4
    let path = try folder.write(bytes, to: "a.h5")
    #expect(try refusal(path) == .unreadable(path: path, problem: "superblock version 4"))
  }

  @Test func `a newer format names both versions`() throws {
    let sample = try SampleCheckpoint.small()
    try replaceAttribute("format_version", of: sample.path, with: .integer(3))
    let error = try refusal(sample.path)
    #expect(error == .newerFormat(path: sample.path, found: 3, supported: 2))
    #expect(
      error?.description
        == "\(sample.path): checkpoint format 3. Up to 2 is read here. Use a newer duiqi.")
  }

  @Test(arguments: [RunValue.integer(0), .integer(-1), .text("1"), .real(1)])
  func `a version that is none is damage`(_ version: RunValue) throws {
    let sample = try SampleCheckpoint.small()
    try replaceAttribute("format_version", of: sample.path, with: version)
    #expect(
      try refusal(sample.path)
        == .damaged(path: sample.path, member: "format_version", problem: "it is no version"))
  }

  @Test(arguments: [
    "family", "tool_version", "document_sha256", "sha256", "optimizer_sha256", "format_version",
  ])
  func `a missing attribute is damage`(_ name: String) throws {
    let sample = try SampleCheckpoint.small()
    try edit(sample.path) { file in #expect(H5Adelete(file, name) >= 0) }
    guard case .damaged(sample.path, name, _)? = try refusal(sample.path) else {
      Issue.record("\(name)")
      return
    }
  }

  @Test(arguments: ["configuration", "preprocessing", "recipe", "vocabulary"])
  func `a missing text is named`(_ name: String) throws {
    let sample = try SampleCheckpoint.small()
    try edit(sample.path) { file in #expect(H5Ldelete(file, name, 0) >= 0) }
    #expect(try refusal(sample.path) == .missingMember(path: sample.path, member: name))
  }

  @Test func `texts, attributes and run state that were changed are damage`() throws {
    let changes: [(hid_t) -> Void] = [
      { replaceAttribute("family", of: $0, with: .text("clip")) },
      { replaceAttribute("tool_version", of: $0, with: .text("9")) },
      { file in
        let run = H5Gopen2(file, "run", 0)
        defer { H5Gclose(run) }
        replaceAttribute("step", of: run, with: .integer(8))
      },
      { file in
        let run = H5Gopen2(file, "run", 0)
        defer { H5Gclose(run) }
        replaceAttribute("extra", of: run, with: .integer(8))
      },
      { file in #expect(H5Ldelete(file, "run", 0) >= 0) },
      { file in
        let recipe = H5Dopen2(file, "recipe", 0)
        defer { H5Dclose(recipe) }
        var bytes = Array("run: 样本\nseed: 8\n".utf8)
        #expect(H5Dwrite(recipe, dq_h5_native_byte(), 0, 0, 0, &bytes) >= 0)
      },
    ]
    for change in changes {
      let sample = try SampleCheckpoint.small()
      try edit(sample.path, change)
      guard case .damaged(sample.path, "document", _)? = try refusal(sample.path) else {
        Issue.record("A change was not found.")
        continue
      }
    }
  }

  @Test func `tensors that were changed with right checksums are found by their digest`() throws {
    for section in CheckpointSection.allCases {
      let sample = try SampleCheckpoint.small(isAveraged: true)
      try edit(sample.path) { file in
        let dataset = H5Dopen2(file, "\(section.rawValue)/text/embeddings/word", 0)
        defer { H5Dclose(dataset) }
        var values = [Float](repeating: 1, count: 21 * 8)
        #expect(H5Dwrite(dataset, dq_h5_native_float(), 0, 0, 0, &values) >= 0)
      }
      let member = section == .parameters ? "parameters" : "optimizer"
      let found = CheckpointReader.verify(sample.path)
      #expect(found.count == 1)
      guard case .damaged(sample.path, member, _)? = found.first else {
        Issue.record("\(section): \(found)")
        continue
      }
    }
  }

  @Test func `a missing tensor, a further one and an exchanged pair are found`() throws {
    let changes: [(hid_t) -> Void] = [
      { #expect(H5Ldelete($0, "parameters/one", 0) >= 0) },
      { #expect(H5Lmove($0, "parameters/one", $0, "parameters/two", 0, 0) >= 0) },
      { #expect(H5Lcreate_hard($0, "parameters/one", $0, "parameters/two", 0, 0) >= 0) },
      { file in
        #expect(H5Lmove(file, "parameters/text/blocks/0", file, "parameters/x", 0, 0) >= 0)
        #expect(
          H5Lmove(file, "parameters/text/blocks/2", file, "parameters/text/blocks/0", 0, 0) >= 0)
        #expect(H5Lmove(file, "parameters/x", file, "parameters/text/blocks/2", 0, 0) >= 0)
      },
    ]
    for change in changes {
      let sample = try SampleCheckpoint.small()
      try edit(sample.path, change)
      #expect(
        CheckpointReader.verify(sample.path) == [
          .damaged(path: sample.path, member: "parameters", problem: "they differ from `sha256`")
        ])
    }
  }
}
