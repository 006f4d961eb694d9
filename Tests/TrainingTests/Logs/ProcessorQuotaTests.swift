import FileTestSupport
import Testing

@testable import Training

/// How many cores a process may use where containers limit it.
@Suite struct ProcessorQuotaTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  /// The cores of a machine with these files. - Parameter groups: `/proc/self/cgroup`.
  private func cores(_ groups: String, _ files: [String: String]) throws -> Int? {
    try folder.write(groups, to: "proc/self/cgroup")
    for (path, text) in files { try folder.write(text, to: "sys/fs/cgroup/\(path)") }
    return ProcessorQuota.coreCount(root: folder.path)
  }

  @Test(arguments: [
    ("200000 100000\n", 2), ("150000 100000\n", 2), ("1000 100000\n", 1), ("100000 50000\n", 2),
    ("max 100000\n", nil),
  ])
  func `a quota of version 2 is rounded up to cores`(text: String, expected: Int?) throws {
    #expect(try cores("0::/\n", ["cpu.max": text]) == expected)
  }

  @Test func `the tightest group between a process and the root counts`() throws {
    let found = try cores(
      "0::/pod/container\n",
      ["pod/container/cpu.max": "max 100000", "pod/cpu.max": "300000 100000", "cpu.max": "9 1"])
    #expect(found == 3)
  }

  @Test func `a group that a container does not see leaves the limit of its root`() throws {
    #expect(try cores("0::/docker/abc\n", ["cpu.max": "100000 100000"]) == 1)
    #expect(try cores("0::/../../abc\n", ["cpu.max": "100000 100000"]) == 1)
  }

  @Test(arguments: ["cpu,cpuacct", "cpu"])
  func `a quota of version 1 counts wherever its controller lies`(mount: String) throws {
    let found = try cores(
      "5:cpuset:/\n4:cpu,cpuacct:/job\n0::/\n",
      ["\(mount)/job/cpu.cfs_quota_us": "250000", "\(mount)/job/cpu.cfs_period_us": "100000"])
    #expect(found == 3)
  }

  @Test func `no limit of version 1 is none`() throws {
    let found = try cores(
      "4:cpu:/\n", ["cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"])
    #expect(found == nil)
  }

  @Test(arguments: [
    "", "0 100000", "-5 100000", "5 0", "5", "5 5 5", "99999999999999999999 1", "5e3 1", "\u{0} 1",
    String(repeating: "9", count: 1 << 18),
  ])
  func `what is no quota is no limit`(text: String) throws {
    #expect(try cores("0::/\n", ["cpu.max": text]) == nil)
  }

  @Test(arguments: ["", "0", "no colon at all\n", "1:cpu/../..:/\n", "1:cpu,../..:/\n", "1:cpux:/"])
  func `groups that the kernel does not write are passed over`(groups: String) throws {
    let found = try cores(
      groups,
      [
        "cpu.max": "1 1", "cpu.cfs_quota_us": "1", "cpu.cfs_period_us": "1", "cpu,../a": "",
        "cpu/a": "",
      ])
    #expect(found == nil)
  }

  @Test func `a path that is absurdly long leaves the root's limit`() throws {
    #expect(try cores("0::" + String(repeating: "/a", count: 10_000), ["cpu.max": "3 1"]) == 3)
  }

  @Test func `without control groups there is no limit`() {
    #expect(ProcessorQuota.coreCount(root: folder.path) == nil)
  }

  @Test func `usable cores are those of the affinity within the quota, one at least`() throws {
    let all = EnvironmentRecord.usableCoreCount(root: folder.path)
    #expect(all >= 1)
    _ = try cores("0::/\n", ["cpu.max": "1 100000"])
    #expect(EnvironmentRecord.usableCoreCount(root: folder.path) == 1)
    _ = try cores("0::/\n", ["cpu.max": "100000000 1"])
    #expect(EnvironmentRecord.usableCoreCount(root: folder.path) == all)
  }
}
