import DurableFiles
import FileTestSupport
import Foundation
import Testing

@testable import Checkpoints

/// Writing where it cannot succeed: a typed error, no trace, and the older checkpoint as it was.
@Suite struct WriterFaultTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func write(to path: String) throws {
    let tensors = SampleTensors(constant: 1, count: 2, sizes: [16, 16])
    try CheckpointWriter.write(
      to: path, document: .sample(), parameters: tensors.checkpointTensors)
  }

  @Test func `a folder that takes no file is a typed error that names the checkpoint`() throws {
    let file = try folder.write([], to: "file")
    for (path, code) in [("\(file)/a.h5", ENOTDIR), ("\(folder.path)/x/a.h5", ENOENT)] {
      #expect(throws: CheckpointError.file(FileError(.create, path: path, code: code))) {
        try write(to: path)
      }
    }
    // Not even the superuser makes files there.
    let error = #expect(throws: CheckpointError.self) { try write(to: "/proc/a.h5") }
    guard case .file(let refusal)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(refusal.operation == .create && refusal.path == "/proc/a.h5")
  }

  @Test func `too little room is found before anything is written`() async throws {
    await #expect(processExitsWith: .success) { [folder = folder.path as String] in
      let free = try #require(Folder.freeBytes(at: folder))
      // Values that nobody must look at: there are none.
      let values = UnsafeBufferPointer(
        start: UnsafePointer<Float>(bitPattern: 4_096), count: free / 4)
      let huge = CheckpointTensor(path: "huge", sizes: [free / 4], values: values)
      let error = #expect(throws: CheckpointError.self) {
        try CheckpointWriter.write(
          to: "\(folder)/a.h5", document: .sample(), parameters: [huge])
      }
      guard case .notEnoughRoom(folder, let needed, let found)? = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(needed > found)
    }
    #expect(folder.names() == [])
  }

  @Test(.enabled(if: SmallDisk.isAvailable))
  func `a small disk is found too small before anything is written`() throws {
    let report = try SmallDisk.run("fill-checkpoint", in: folder.path)
    #expect(report.hasPrefix("\(folder.path): 1048576 bytes are free, a checkpoint needs "))
    #expect(report.hasSuffix("Free some room or use another folder.\nleft: []"))
  }

  /// Every length at which the system may say no: within the first header as within the last chunk.
  @Test func `a disk that fills up at any byte leaves the older checkpoint and nothing else`()
    async throws
  {
    let sample = try SampleCheckpoint()
    await #expect(processExitsWith: .success) { [path = sample.path as String] in
      let newer = try SampleCheckpoint(seed: 8)
      let (older, size) = (try Data(contentsOf: URL(filePath: path)), try newer.bytes.count)
      let folder = Folder.parent(of: path)
      let names = try Folder.names(in: folder)
      let limits = Array(0..<40).map { $0 * 100 } + (0..<160).map { size * $0 / 160 } + [size - 1]
      for limit in limits {
        FileSizeLimit.set(limit)
        let error = #expect(throws: CheckpointError.self) { try newer.write(to: path) }
        FileSizeLimit.lift()
        guard case .file(let failure)? = error, failure.isDiskFull, failure.path == path else {
          Issue.record("\(limit) of \(size): \(String(describing: error))")
          continue
        }
        #expect(try Data(contentsOf: URL(filePath: path)) == older)
        #expect(try Folder.names(in: folder) == names)
      }
      // The library is none the worse for it.
      try newer.write(to: path)
      #expect(try newer.equals(CheckpointReader(path)))
    }
  }

  @Test func `failed writes leave no file open`() async throws {
    await #expect(processExitsWith: .success) { [folder = folder.path as String] in
      let tensors = SampleTensors(constant: 1, count: 8, sizes: [256, 512])
      let before = try Folder.names(in: "/proc/self/fd").count
      for count in 0..<50 {
        FileSizeLimit.set(count * 50_000)
        #expect(throws: CheckpointError.self) {
          try CheckpointWriter.write(
            to: "\(folder)/a.h5", document: .sample(), parameters: tensors.checkpointTensors)
        }
        FileSizeLimit.lift()
      }
      #expect(try Folder.names(in: "/proc/self/fd").count == before)
    }
  }

  @Test func `what cannot be read back is not published`() throws {
    // Nine dimensions: the library writes them, a reader refuses them.
    let tensors = SampleTensors([("a", Array(repeating: 1, count: 9))], seed: 1)
    let path = "\(folder.path)/a.h5"
    let error = #expect(throws: CheckpointError.self) {
      try CheckpointWriter.write(
        to: path, document: .sample(), parameters: tensors.checkpointTensors)
    }
    guard case .file(let failure)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(failure.problem?.hasPrefix("read back, it is wrong: ") == true)
    #expect(folder.names() == [])
  }
}
