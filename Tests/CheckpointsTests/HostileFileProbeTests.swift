import DurableFiles
import FileTestSupport
import Foundation
import Testing

@testable import Checkpoints

@Suite struct HostileFileProbeTests {
  private let sample: SampleCheckpoint

  init() throws { sample = try SampleCheckpoint.small() }

  private func probe(_ path: String) throws(CheckpointError) {
    try HostileFileProbe.check(path, executable: ChildProcess.executable, arguments: ["probe"])
  }

  /// What a process that does this is reported as.
  private func outcome(_ script: String, timeoutSeconds: Int = 30) -> CheckpointError? {
    #expect(throws: CheckpointError.self) {
      try HostileFileProbe.check(
        sample.path, executable: "/bin/sh", arguments: ["-c", script],
        timeoutSeconds: timeoutSeconds)
    }
  }

  @Test func `a whole checkpoint passes`() throws {
    try probe(sample.path)
  }

  @Test func `a refusal is told in the words of the process`() throws {
    let path = "\(sample.folder.path)/a.h5"
    var bytes = try sample.bytes
    bytes[bytes.count / 2] ^= 1
    try sample.folder.write(bytes, to: "a.h5")
    let finding = try #require(CheckpointReader.verify(path).first)
    let error = #expect(throws: CheckpointError.self) { try probe(path) }
    #expect(error == .refusedByProbe(path: path, problem: finding.description))
    #expect(error?.description == finding.description)
  }

  @Test func `a missing file and a folder start no process`() {
    #expect(throws: CheckpointError.missing(path: "/x.h5")) {
      try HostileFileProbe.check("/x.h5", executable: "/nowhere")
    }
    let folder = sample.folder.path
    #expect(throws: CheckpointError.file(FileError(.open, path: folder, code: EISDIR))) {
      try HostileFileProbe.check(folder, executable: "/nowhere")
    }
  }

  @Test func `a missing executable is a typed error`() {
    #expect(throws: CheckpointError.file(FileError(.open, path: "/nowhere", code: ENOENT))) {
      try HostileFileProbe.check(sample.path, executable: "/nowhere")
    }
  }

  @Test(arguments: [SIGSEGV, SIGABRT, SIGKILL, SIGFPE])
  func `a crash is an error here`(_ signal: Int32) {
    #expect(
      outcome("kill -\(signal) $$")
        == .crashedProbe(path: sample.path, problem: "was stopped by signal \(signal)"))
  }

  @Test func `another exit code is not taken for a refusal`() {
    #expect(
      outcome("exit 64") == .crashedProbe(path: sample.path, problem: "ended with code 64"))
  }

  @Test func `a process that does not end is killed, its output read or not`() {
    for script in ["exec sleep 60", "exec 1>&-; exec sleep 60", "while :; do echo words; done"] {
      #expect(
        outcome("exec 2>&-; \(script)", timeoutSeconds: 1)
          == .crashedProbe(path: sample.path, problem: "did not end within 1 seconds"))
    }
  }

  @Test func `more words than any refusal has are cut`() {
    let error = outcome("head -c 3000000 /dev/zero | tr '\\\\0' x; exit 65")
    guard case .refusedByProbe(_, let problem)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(problem.utf8.count < 100_000)
  }

  @Test func `the process writes no file`() async throws {
    await #expect(processExitsWith: .success) { [path = sample.path as String] in
      signal(SIGXFSZ, SIG_IGN)
      #expect(HostileFileProbe.run(path) == 0)
      let error = #expect(throws: FileError.self) {
        try AtomicFile.write([1], to: "\(path).txt")
      }
      #expect(error?.code == EFBIG)
    }
  }

  @Test func `the process gets no more memory than a reader of the file needs`() async throws {
    await #expect(processExitsWith: .success) { [path = sample.path as String] in
      #expect(HostileFileProbe.run(path) == 0)
      #expect(malloc(1 << 30) == nil)
    }
  }

  /// Damage with right checksums gets furthest into the library. Debian's version may crash there
  /// or never end; then the probe says so.
  @Test func `headers that were changed with right checksums do no harm here`() throws {
    let whole = try sample.bytes
    try #require(MetadataMutation.recognizes(whole))
    let path = "\(sample.folder.path)/a.h5"
    var refusals = 0
    for seed in 0..<40 {
      try sample.folder.write(MetadataMutation.apply(to: whole, seed: UInt64(seed)), to: "a.h5")
      do {
        try probe(path)
        #expect(try sample.equals(CheckpointReader(path)), "seed \(seed)")
      } catch CheckpointError.refusedByProbe, CheckpointError.crashedProbe {
        refusals += 1
      }
    }
    #expect(refusals > 20)
  }
}
