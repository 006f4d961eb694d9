import DurableFiles
import FileTestSupport
import Foundation
import Testing

@testable import Checkpoints

/// A process that writes checkpoints is killed at some point of its work.
@Suite struct KillTests {
  enum Moment: Equatable {
    /// The temporary file has so many bytes.
    case whileWriting(atLeast: Int)
    /// So many checkpoints were published.
    case afterPublishing(Int)
  }

  /// A checkpoint of the process has a little more than 4 MiB.
  private static let moments: [Moment] =
    [0, 1, 50_000, 1 << 20, 2 << 20, 3 << 20, 4 << 20].map { .whileWriting(atLeast: $0) }
    + (1...5).map { .afterPublishing($0) }

  @Test(arguments: moments)
  func `a killed process leaves whole checkpoints and links`(_ moment: Moment) throws {
    let root = try TemporaryFolder()
    let path = "\(root.path)/checkpoints/run"
    do {
      let folder = try CheckpointFolder(root: root.path, run: "run")
      try SampleCheckpoint.small().write(to: folder.path(ofStep: 1))
      try folder.adopt(step: 1, isBest: true, keep: 2)
    }
    let child = try ChildProcess("write", root.path, "run")
    try #require(child.nextOutput() == "ready")
    try wait(for: moment, in: path)
    child.kill()

    let steps = CheckpointFolder.steps(in: path)
    #expect(!steps.isEmpty)
    for step in steps {
      #expect(CheckpointReader.verify("\(path)/\(CheckpointFolder.name(ofStep: step))") == [])
    }
    for link in ["last.h5", "best.h5"] { #expect(CheckpointReader.verify("\(path)/\(link)") == []) }
    let good = try CheckpointFolder.newestGood(in: path)
    #expect(good.refused == [])
    let newest = try #require(good.reader?.document.run?.first { $0.name == "step" }?.value)
    // The first checkpoint is a sample's, which says 7.
    #expect(newest == .integer(Int64(steps == [1] ? 7 : try #require(steps.last))))
    if case .whileWriting = moment { #expect(try hasTemporary(path)) }

    // The next owner gets the lock and a clean folder.
    _ = try CheckpointFolder(root: root.path, run: "run")
    #expect(try !hasTemporary(path))
    #expect(CheckpointFolder.steps(in: path) == steps)
  }

  private func hasTemporary(_ path: String) throws -> Bool {
    try Folder.names(in: path).contains(where: AtomicFile.isTemporary)
  }

  private func wait(for moment: Moment, in path: String) throws {
    // Ends with a failure rather than never.
    for _ in 0..<200_000 {
      switch moment {
      case .whileWriting(let count):
        let temporary = try Folder.names(in: path).first { name in
          AtomicFile.isTemporary(name) && name.contains(".h5.")
        }
        if let temporary, let size = Folder.fileBytes(at: "\(path)/\(temporary)"), size >= count {
          return
        }
      case .afterPublishing(let count):
        if let newest = CheckpointFolder.steps(in: path).last, newest > count { return }
      }
      usleep(100)
    }
    Issue.record("The process wrote nothing.")
  }
}
