internal import DurableFiles
internal import Glibc

/// Lets another process with limits read a checkpoint that was not written here, before we do.
///
/// Debian's HDF5 1.10 can be crashed, or kept busy for ever, by files made for that. The process is
/// our own executable with a hidden subcommand that does nothing but call ``run(_:)``:
///
///     try HostileFileProbe.check("from_elsewhere.h5")     // runs `duiqi probe-hdf5 FILE`
///     let reader = try CheckpointReader("from_elsewhere.h5")
public enum HostileFileProbe {
  /// How ``run(_:)`` ends for a file that is not a whole, plain checkpoint.
  public static let refusal: Int32 = 65  // EX_DATAERR of sysexits.h

  /// What a process that reads nothing but one file may use besides what it holds at its start.
  private static let memoryBytes = 512 << 20
  private static let slowestBytesPerSecond = 20 << 20

  /// - Parameters:
  ///   - executable: the program that is run with the arguments and the file's path.
  ///   - timeoutSeconds: how long it may take, besides a second for every 20 MiB of the file.
  /// - Throws: `refusedByProbe` with the process's own words; `crashedProbe`; `missing`; `file`
  ///   where the process could not be started.
  public static func check(
    _ path: String, executable: String = "/proc/self/exe", arguments: [String] = ["probe-hdf5"],
    timeoutSeconds: Int = 30
  ) throws(CheckpointError) {
    guard FileContents.exists(path) else { throw .missing(path: path) }
    guard let byteCount = Folder.fileBytes(at: path) else {
      throw .file(FileError(.open, path: path, code: EISDIR))
    }
    let seconds = timeoutSeconds + byteCount / slowestBytesPerSecond
    let ending: ProbeProcess.Ending
    do throws(FileError) {
      let process = try ProbeProcess(executable, arguments: arguments + [path])
      ending = process.wait(seconds: seconds)
    } catch {
      throw .file(error)
    }
    switch ending {
    case .exited(0, _):
      return
    case .exited(refusal, let message):
      throw .refusedByProbe(path: path, problem: message)
    case .exited(let code, _):
      throw .crashedProbe(path: path, problem: "ended with code \(code)")
    case .killed(let signal):
      throw .crashedProbe(path: path, problem: "was stopped by signal \(signal)")
    case .timedOut:
      throw .crashedProbe(path: path, problem: "did not end within \(seconds) seconds")
    }
  }

  /// Reads the whole file as a checkpoint, under limits that stay with the process.
  ///
  /// - Returns: the code to exit with. What is wrong goes to standard output.
  public static func run(_ path: String) -> Int32 {
    let byteCount = Folder.fileBytes(at: path) ?? 0
    // No member is larger than the file; it is read into one buffer.
    limit(RLIMIT_AS, to: addressSpaceBytes() + memoryBytes + byteCount)
    limit(RLIMIT_CPU, to: 30 + byteCount / slowestBytesPerSecond)
    limit(RLIMIT_FSIZE, to: 0)
    limit(RLIMIT_CORE, to: 0)
    guard let finding = CheckpointReader.verify(path).first else { return 0 }
    let message = Array(finding.description.utf8)
    _ = message.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
    return refusal
  }

  private static func limit(_ name: __rlimit_resource, to value: Int) {
    let resource = __rlimit_resource_t(name.rawValue)
    var limit = rlimit()
    getrlimit(resource, &limit)
    let wanted = min(rlim_t(value), limit.rlim_max)
    limit.rlim_cur = wanted
    limit.rlim_max = wanted
    setrlimit(resource, &limit)
  }

  /// What the process has mapped already: the first number of `statm` counts pages.
  private static func addressSpaceBytes() -> Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 8 << 30 }
    defer { fclose(file) }
    var text = [CChar](repeating: 0, count: 128)
    guard fgets(&text, Int32(text.count), file) != nil else { return 8 << 30 }
    return strtol(text, nil, 10) * sysconf(Int32(_SC_PAGESIZE))
  }
}
