internal import COpenBLAS
internal import CPUDevice
internal import Glibc
internal import Training

/// What the figures were measured on.
struct Machine {
  let report: String

  init(threads: Int) {
    let record = EnvironmentRecord(
      version: "benchmarks", commit: Self.commit, computeThreads: threads, loaderThreads: threads,
      instructions: InstructionSet.current.rawValue,
      libraries: [("OpenBLAS", String(cString: openblas_get_config()))])
    var load = [0.0, 0.0, 0.0]
    getloadavg(&load, 3)
    report = """
      processor  \(record.processor ?? "unknown"), \(record.coreCount) usable cores
      memory     \(record.memoryBytes >> 20) MiB
      system     \(record.system)
      threads    \(threads)
      loops      \(record.instructions) instructions
      BLAS       \(record.libraries[0].version)
      commit     \(record.commit ?? "unknown")
      load       \(load.map { Figure.fixed($0, 2) }.joined(separator: " ")) (others on the \
      machine lower all figures; the shares come from measurements made in turn)
      """
  }

  /// The commit that the working tree stands on, if it is one; a plus for changes.
  private static var commit: String? {
    guard let pipe = popen("git describe --always --dirty=+ --exclude '*' 2>/dev/null", "r") else {
      return nil
    }
    defer { pclose(pipe) }
    var buffer = [CChar](repeating: 0, count: 128)
    guard fgets(&buffer, Int32(buffer.count), pipe) != nil else { return nil }
    let bytes = buffer.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }
    return String(decoding: bytes, as: UTF8.self)
  }
}
