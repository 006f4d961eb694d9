internal import Glibc

/// What resuming does to a log that is there already.
enum MetricsFile {
  /// Drops rows of later steps, and lines that are not whole rows; leaves the file as it is where
  /// there are none, and does nothing where there is no file.
  ///
  /// - Throws: `LogError.file`; the file is then as it was.
  static func dropRows(of path: String, afterStep last: Int) throws(LogError) {
    guard let file = fopen(path, "re") else {
      if errno == ENOENT { return }
      throw .file(path: path, action: "read", code: errno)
    }
    defer { fclose(file) }
    // A device or a pipe may never end.
    var status = stat()
    guard fstat(fileno(file), &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return }
    var drops = false
    forEachLine(of: file) { line in
      drops = drops || !isKept(line, afterStep: last)
      return true
    }
    guard drops else { return }
    rewind(file)
    try SystemCall.replace(path) { descriptor in
      forEachLine(of: file) { line in
        guard isKept(line, afterStep: last) else { return true }
        return SystemCall.write(UnsafeRawBufferPointer(line), to: descriptor)
      }
    }
  }

  private static func isKept(_ line: UnsafeBufferPointer<UInt8>, afterStep last: Int) -> Bool {
    guard let step = step(of: line) else { return false }
    return step <= last
  }

  /// The step of a row that this program wrote whole. - Returns: nothing for any other line.
  static func step(of line: UnsafeBufferPointer<UInt8>) -> Int? {
    let text = String(decoding: line.prefix(160), as: UTF8.self)
    guard line.count >= 2, line.last == UInt8(ascii: "\n"),
      line[line.count - 2] == UInt8(ascii: "}")
    else { return nil }
    for start in [#"{"kind": "step", "step": "#, #"{"kind": "validation", "step": "#]
    where text.hasPrefix(start) {
      return Int(text.dropFirst(start.count).prefix { $0.isASCII && $0.isNumber })
    }
    return nil
  }

  /// Calls with each line, its end included, until the body says no.
  ///
  /// - Returns: whether all lines were gone through.
  @discardableResult
  private static func forEachLine(
    of file: UnsafeMutablePointer<FILE>, _ body: (UnsafeBufferPointer<UInt8>) -> Bool
  ) -> Bool {
    var storage: UnsafeMutablePointer<CChar>?
    var capacity = 0
    defer { free(storage) }
    while true {
      let count = getline(&storage, &capacity, file)
      guard count > 0, let start = storage else { return ferror(file) == 0 }
      let goesOn = start.withMemoryRebound(to: UInt8.self, capacity: count) {
        body(UnsafeBufferPointer(start: $0, count: count))
      }
      guard goesOn else { return false }
    }
  }
}
