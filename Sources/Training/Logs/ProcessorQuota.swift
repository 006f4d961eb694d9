internal import Glibc

/// The share of the processor that control groups leave a process, as containers are limited.
///
/// In version 2 a group's `cpu.max` has quota and period, or `max`; in version 1 they are
/// `cpu.cfs_quota_us`, negative for none, and `cpu.cfs_period_us`. Every group from the process's
/// own to the root counts. Where a container sees its own group as the root, the path that the
/// kernel names does not exist below it, and the root has the limit.
/// Source: the kernel's documentation, cgroup-v2.rst and sched-bwc.rst.
enum ProcessorQuota {
  /// Of a file that the kernel writes, what is looked at.
  private static let byteLimit = 1 << 16

  /// Cores' worth of time, rounded up; nothing where no group is limited. What cannot be read or
  /// makes no sense is no limit.
  ///
  /// - Parameter root: where `proc` and `sys` lie.
  static func coreCount(root: String = "") -> Int? {
    guard let text = contents(of: "\(root)/proc/self/cgroup") else { return nil }
    let groups = "\(root)/sys/fs/cgroup"
    var limits: [Int] = []
    for line in text.split(separator: "\n") {
      // `0::/path` in version 2, `4:cpu,cpuacct:/path` in version 1.
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      let controllers = parts[1]
      if controllers.isEmpty {
        for mount in [groups, "\(groups)/unified"] {
          limits += folders(of: parts[2], below: mount).compactMap(limitOfVersion2)
        }
      } else if controllers.split(separator: ",").contains("cpu"), !controllers.contains("/") {
        for mount in Set(["\(groups)/\(controllers)", "\(groups)/cpu"]) {
          limits += folders(of: parts[2], below: mount).compactMap(limitOfVersion1)
        }
      }
    }
    return limits.min()
  }

  /// A group's folder and all above it, the mount being the last.
  private static func folders(of path: Substring, below mount: String) -> [String] {
    let names = path.split(separator: "/")
    // A group outside what the process sees is named by way of `..`.
    guard !names.contains(".."), names.count <= 64 else { return [mount] }
    return (0...names.count).reversed().map {
      ([mount] + names.prefix($0).map(String.init)).joined(separator: "/")
    }
  }

  private static func limitOfVersion2(_ folder: String) -> Int? {
    guard let words = contents(of: "\(folder)/cpu.max")?.split(whereSeparator: \.isWhitespace),
      words.count == 2
    else { return nil }
    return coreCount(quota: Int(words[0]), period: Int(words[1]))
  }

  private static func limitOfVersion1(_ folder: String) -> Int? {
    func number(_ name: String) -> Int? {
      let words = contents(of: "\(folder)/\(name)")?.split(whereSeparator: \.isWhitespace) ?? []
      return words.count == 1 ? Int(words[0]) : nil
    }
    return coreCount(quota: number("cpu.cfs_quota_us"), period: number("cpu.cfs_period_us"))
  }

  private static func coreCount(quota: Int?, period: Int?) -> Int? {
    guard let quota, let period, quota > 0, period > 0 else { return nil }
    return quota / period + (quota % period > 0 ? 1 : 0)
  }

  /// The beginning of a file; such files say nothing of their size.
  private static func contents(of path: String) -> String? {
    guard let descriptor = SystemCall.open(path, O_RDONLY | O_NONBLOCK) else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 4096)
    while bytes.count < byteLimit {
      let count = read(descriptor, &part, part.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      bytes += part.prefix(count)
    }
    return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
  }
}
