import CPUDevice
import Foundation
import Glibc
import Synchronization
import Testing

@Suite struct ThreadLimitTests {
  /// A thread asks for megabytes of address space for its stack, and the process may have 64 more.
  @Test func `where the system starts fewer threads, those do all the work`() async {
    await #expect(processExitsWith: .success) {
      let sizes = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
      let pages = try #require(sizes.split(separator: " ").first.flatMap { UInt(String($0)) })
      let bytes = pages * UInt(sysconf(Int32(_SC_PAGESIZE))) + 64 << 20
      var limit = rlimit(rlim_cur: bytes, rlim_max: rlim_t.max)
      try #require(setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0)
      let pool = ThreadPool(threadCount: 256)
      #expect(pool.threadCount >= 1 && pool.threadCount < 256)
      let sum = Atomic(0)
      pool.run(taskCount: 1_000) { sum.wrappingAdd($0, ordering: .relaxed) }
      #expect(sum.load(ordering: .relaxed) == 499_500)
    }
  }
}
