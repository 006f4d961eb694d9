/// Where the compiler's checks may be switched off, and why it is right there.
enum SafetyRules {
  struct Exception: Sendable {
    let path: String
    let sign: String
    /// The argument in one sentence; the file gives it in full.
    let reason: String
  }

  static let signs = ["@unchecked Sendable", "nonisolated(unsafe)", "unowned"]

  static let exceptions: [Exception] = [
    Exception(
      path: "Sources/CPUDevice/ThreadPool.swift", sign: "@unchecked Sendable",
      reason: "The pool's state lives in C, where jobs pass with release and acquire."),
    Exception(
      path: "Sources/Checkpoints/HDF5File.swift", sign: "@unchecked Sendable",
      reason: "Every use of the library and of the object is inside the library's lock."),
    Exception(
      path: "Sources/Checkpoints/ChunkBuffer.swift", sign: "@unchecked Sendable",
      reason: "Elements are filled in before another thread knows of them, then only read."),
    Exception(
      path: "Sources/CPUDevice/ArenaSnapshot.swift", sign: "@unchecked Sendable",
      reason: "The memory that is read does not change before `settle` has taken what is unread."),
    Exception(
      path: "Sources/CPUDevice/SnapshotRoom.swift", sign: "@unchecked Sendable",
      reason: "Memory is handed out inside a lock, and who has a slot has it alone."),
  ]

  /// Signs that stand outside the exceptions.
  static func uncheckedPlaces(
    _ file: SourceFile, allowing exceptions: [Exception] = exceptions
  ) -> [Finding] {
    guard file.language == .swift else { return [] }
    return file.code.indices.flatMap { index in
      signs.filter { sign in
        stands(sign, in: file.code[index])
          && !exceptions.contains { $0.path == file.path && $0.sign == sign }
      }.map { file.finding(index, "\($0) outside the list of exceptions") }
    }
  }

  /// Exceptions that no file needs any longer.
  static func staleExceptions(_ exceptions: [Exception], in files: [SourceFile]) -> [Finding] {
    exceptions.filter { exception in
      !files.contains { file in
        file.path == exception.path && file.code.contains { stands(exception.sign, in: $0) }
      }
    }.map { Finding(path: $0.path, line: 1, message: "\($0.sign) is allowed and not there") }
  }

  private static func stands(_ sign: String, in line: String) -> Bool {
    sign == "unowned" ? WordRules.hasWord(sign, in: line) : line.contains(sign)
  }
}
