import DurableFiles
import FileTestSupport
import Foundation
import Glibc
import Synchronization
import Testing

/// What a thread of its own found.
private final class Readings: Sendable {
  let hasEnded = DispatchSemaphore(value: 0)
  private let isOver = Atomic(false)
  private let found = Mutex<Set<String>>([])

  var isDone: Bool { isOver.load(ordering: .acquiring) }
  var targets: Set<String> { found.withLock { $0 } }

  func add(_ target: String?) { found.withLock { _ = $0.insert(target ?? "nothing") } }

  func finish() {
    isOver.store(true, ordering: .releasing)
    hasEnded.wait()
  }
}

@Suite struct AtomicLinkTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func `a link is made, then led elsewhere`() throws {
    let link = "\(folder.path)/last"
    #expect(AtomicLink.target(of: link) == nil)
    try AtomicLink.replace(link, target: "first")
    #expect(AtomicLink.target(of: link) == "first")
    try AtomicLink.replace(link, target: "second")
    #expect(AtomicLink.target(of: link) == "second")
    #expect(folder.names() == ["last"])
  }

  @Test func `a reader never finds the link missing`() throws {
    let link = "\(folder.path)/last"
    let targets = ["first", "second"]
    try AtomicLink.replace(link, target: "first")
    let readings = Readings()
    Thread.detachNewThread {
      repeat { readings.add(AtomicLink.target(of: link)) } while !readings.isDone
      readings.hasEnded.signal()
    }
    let replacing = Result {
      for number in 0..<200 { try AtomicLink.replace(link, target: targets[number % 2]) }
    }
    readings.finish()
    try replacing.get()
    #expect(readings.targets.isSubset(of: targets))
    #expect(!readings.targets.isEmpty)
  }

  @Test func `a file that is no link has no target and is replaced`() throws {
    let path = try folder.write([1], to: "last")
    #expect(AtomicLink.target(of: path) == nil)
    try AtomicLink.replace(path, target: "first")
    #expect(AtomicLink.target(of: path) == "first")
  }

  @Test func `a place that takes no link is a typed error and leaves nothing`() throws {
    let file = try folder.write([], to: "file")
    #expect(throws: FileError(.link, path: "\(file)/last", code: ENOTDIR)) {
      try AtomicLink.replace("\(file)/last", target: "first")
    }
    try Folder.create("\(folder.path)/last")
    #expect(throws: FileError(.link, path: "\(folder.path)/last", code: EISDIR)) {
      try AtomicLink.replace("\(folder.path)/last", target: "first")
    }
    #expect(folder.names() == ["file", "last"])
  }
}
