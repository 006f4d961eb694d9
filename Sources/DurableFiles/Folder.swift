internal import Glibc

/// Folders and what is in them.
public enum Folder {
  /// Makes a folder and those above it, where they are missing.
  public static func create(_ path: String) throws(FileError) {
    var made = path.hasPrefix("/") ? "/" : ""
    for component in path.split(separator: "/") {
      made += made.isEmpty || made.hasSuffix("/") ? String(component) : "/\(component)"
      if mkdir(made, 0o777) != 0, errno != EEXIST {
        let code = errno
        // Folders that exist may refuse for other reasons than being there.
        if !exists(made) { throw FileError(.create, path: made, code: code) }
      }
    }
    guard exists(path) else { throw FileError(.create, path: path, code: ENOTDIR) }
  }

  /// Whether there is a folder of that name.
  public static func exists(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// The names in a folder in byte order, without `.` and `..`.
  public static func names(in path: String) throws(FileError) -> [String] {
    guard let stream = opendir(path) else { throw FileError(.list, path: path, code: errno) }
    defer { closedir(stream) }
    var names: [String] = []
    while true {
      // Only `errno` tells the end from a failure.
      errno = 0
      guard let entry = readdir(stream) else { break }
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    guard errno == 0 else { throw FileError(.list, path: path, code: errno) }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// The folder that a path lies in.
  public static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The last component of a path.
  public static func lastName(of path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }

  /// Bytes in a file, or `nil` where there is no regular file.
  public static func fileBytes(at path: String) -> Int? {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return status.st_size
  }

  /// Bytes that an ordinary user may still write where the folder lies; `nil` where its file system
  /// does not say.
  public static func freeBytes(at path: String) -> Int? {
    var status = statvfs()
    guard statvfs(path, &status) == 0, status.f_blocks > 0 else { return nil }
    let (bytes, overflow) = status.f_bavail.multipliedReportingOverflow(by: status.f_frsize)
    return overflow ? Int.max : Int(clamping: bytes)
  }

  /// Makes what was renamed or linked in a folder survive a power failure.
  public static func flush(_ path: String) throws(FileError) {
    let folder = try FileDescriptor(path, flags: O_RDONLY | O_DIRECTORY, operation: .open)
    try folder.flush()
  }
}
