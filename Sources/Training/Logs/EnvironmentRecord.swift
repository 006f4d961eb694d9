internal import Glibc

/// What a run ran on, for whoever repeats it: `environment.json` as it began, and a line of
/// `environments.jsonl` for each start.
package struct EnvironmentRecord: Equatable {
  package let version: String
  /// Nothing where it is not certain.
  package let commit: String?
  /// The SHA-256 of the program, in hexadecimal.
  package let executable: String?
  /// The step after which the run went on; 0 where it began.
  package let afterStep: Int
  /// As the kernel calls it; nothing where it does not.
  package let processor: String?
  /// Cores that the process may use.
  package let coreCount: Int
  package let memoryBytes: Int
  package let system: String
  package let computeThreads: Int
  package let loaderThreads: Int
  /// The level of instructions that loops and products used.
  package let instructions: String
  /// What matrix products rounded their operands to.
  package let products: String
  /// Names and versions, in the order given.
  package let libraries: [(name: String, version: String)]

  /// Records this machine.
  package init(
    version: String, commit: String?, executable: String? = nil, afterStep: Int = 0,
    computeThreads: Int, loaderThreads: Int, instructions: String,
    products: String = "float32",
    libraries: [(name: String, version: String)]
  ) {
    self.version = version
    self.commit = commit
    self.executable = executable
    self.afterStep = afterStep
    self.computeThreads = computeThreads
    self.loaderThreads = loaderThreads
    self.instructions = instructions
    self.products = products
    self.libraries = libraries
    processor = EnvironmentRecord.processorName()
    coreCount = EnvironmentRecord.usableCoreCount()
    memoryBytes = max(0, sysconf(Int32(_SC_PHYS_PAGES))) * max(0, sysconf(Int32(_SC_PAGESIZE)))
    system = EnvironmentRecord.systemName()
  }

  package static func == (left: EnvironmentRecord, right: EnvironmentRecord) -> Bool {
    left.json == right.json
  }

  package var json: JSONText {
    .object([
      ("version", .text(version)), ("commit", commit.map { .text($0) } ?? .null),
      ("executable_sha256", executable.map { .text($0) } ?? .null),
      ("after_step", .integer(afterStep)),
      ("processor", processor.map { .text($0) } ?? .null), ("cores", .integer(coreCount)),
      ("memory_bytes", .integer(memoryBytes)), ("system", .text(system)),
      ("compute_threads", .integer(computeThreads)), ("loader_threads", .integer(loaderThreads)),
      ("instructions", .text(instructions)), ("products", .text(products)),
      ("libraries", .object(libraries.map { ($0.name, .text($0.version)) })),
    ])
  }

  /// Puts the record in place as one line. - Throws: `LogError.file`.
  package func write(to path: String) throws(LogError) {
    try SystemCall.replace(path) { SystemCall.write(json.line + "\n", to: $0) }
  }

  /// Adds the record as a line of its own. - Throws: `LogError.file`.
  package func append(to path: String) throws(LogError) {
    guard let descriptor = SystemCall.open(path, O_WRONLY | O_CREAT | O_APPEND) else {
      throw .file(path: path, action: "opened", code: errno)
    }
    defer { close(descriptor) }
    guard SystemCall.write(json.line + "\n", to: descriptor) else {
      throw .file(path: path, action: "written", code: errno)
    }
  }

  /// Cores of the process's affinity, which `taskset` narrows, within what a container leaves it.
  package static func usableCoreCount() -> Int { usableCoreCount(root: "") }

  /// - Parameter root: where the kernel's files on control groups are looked for.
  static func usableCoreCount(root: String) -> Int {
    let mask = value(of: "Cpus_allowed", in: "/proc/self/status") ?? ""
    let allowed = mask.reduce(0) { $0 + ($1.hexDigitValue?.nonzeroBitCount ?? 0) }
    let count = allowed > 0 ? allowed : max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    return min(count, ProcessorQuota.coreCount(root: root) ?? count)
  }

  private static func processorName() -> String? {
    value(of: "model name", in: "/proc/cpuinfo")
  }

  /// What stands after a name and a colon in a file of the kernel, the first time.
  private static func value(of name: String, in path: String) -> String? {
    guard let file = fopen(path, "re") else { return nil }
    defer { fclose(file) }
    var buffer = [CChar](repeating: 0, count: 4096)
    while fgets(&buffer, Int32(buffer.count), file) != nil {
      let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      let line = String(decoding: bytes, as: UTF8.self)
      guard let colon = line.firstIndex(of: ":"),
        String(line[..<colon]).split(separator: "\t").first.map(String.init) == name
      else { continue }
      let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
      return String(value.prefix { !$0.isNewline })
    }
    return nil
  }

  private static func systemName() -> String {
    var names = utsname()
    guard uname(&names) == 0 else { return "unknown" }
    let text = { (bytes: UnsafeRawBufferPointer) in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    return [
      withUnsafeBytes(of: names.sysname, text), withUnsafeBytes(of: names.release, text),
      withUnsafeBytes(of: names.machine, text),
    ].joined(separator: " ")
  }
}
