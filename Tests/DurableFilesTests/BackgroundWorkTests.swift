import FileTestSupport
import Glibc
import Synchronization
import Testing

@testable import DurableFiles

/// Work on threads of its own, and files that are flushed by one.
@Suite struct BackgroundWorkTests {
  private final class Flag: Sendable {
    let isSet = Atomic<Bool>(false)
  }

  @Test func `a result is there for everyone who waits`() {
    let caller = UInt(pthread_self())
    let work = BackgroundWork { UInt(pthread_self()) }
    #expect(work.wait() == work.wait())
    #expect(work.wait() != caller)
    #expect(work.isFinished)
  }

  @Test func `work that is let go has its end first`() {
    let (gate, done) = (Flag(), Flag())
    do {
      let work = BackgroundWork {
        while !gate.isSet.load(ordering: .acquiring) { usleep(100) }
        done.isSet.store(true, ordering: .releasing)
      }
      #expect(!work.isFinished)
      gate.isSet.store(true, ordering: .releasing)
    }
    let isDone = done.isSet.load(ordering: .acquiring)
    #expect(isDone)
  }

  @Test func `stop signals find another thread`() {
    @Sendable func held() -> [Int32] {
      var mask = sigset_t()
      pthread_sigmask(SIG_BLOCK, nil, &mask)
      return [SIGINT, SIGTERM, SIGHUP].map { sigismember(&mask, $0) }
    }
    let before = held()
    #expect(BackgroundWork { held() }.wait() == [1, 1, 1])
    #expect(held() == before)
  }

  @Test func `work stands back alone`() {
    @Sendable func niceness() -> Int32 { getpriority(Int32(PRIO_PROCESS.rawValue), 0) }
    let before = niceness()
    #expect(BackgroundWork(niceness: 19) { niceness() }.wait() == 19)
    #expect(niceness() == before)
  }

  @Test func `a file that is flushed as it grows has all its bytes`() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/a.txt"
    let file = try AtomicFile(path)
    file.flushInBackground()
    for part in 0..<50 {
      try file.write([UInt8](repeating: UInt8(part), count: 10_000))
      usleep(1_000)
    }
    file.endWriting()
    try file.flush()
    try file.publish()
    #expect(try folder.bytes(of: "a.txt") == (0..<500_000).map { UInt8($0 / 10_000) })
  }

  @Test func `a file that is given up while it is flushed leaves nothing`() throws {
    let folder = try TemporaryFolder()
    do {
      let file = try AtomicFile("\(folder.path)/a.txt")
      file.flushInBackground()
      try file.write([UInt8](repeating: 1, count: 100_000))
    }
    #expect(folder.names() == [])
  }

  @Test func `a flush that failed in the background is an error of the file`() throws {
    // A descriptor that cannot be flushed: the end of a pipe.
    var ends: [Int32] = [-1, -1]
    #expect(pipe(&ends) == 0)
    defer { for end in ends { close(end) } }
    #expect(BackgroundFlush(ends[1]).wait() == EINVAL)
  }
}
