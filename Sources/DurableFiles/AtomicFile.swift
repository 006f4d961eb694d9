internal import Glibc

/// A file that appears whole under its name or not at all.
///
/// It is written under a temporary name in the same folder, flushed to the disk, renamed, and the
/// folder is flushed. What is not published is removed; what a killed process left behind is found
/// by its name (see ``isTemporary(_:)``).
///
///     let file = try AtomicFile("results/embeddings.npy")
///     try file.write(header)
///     try file.publish()
public final class AtomicFile {
  public let path: String
  /// Where the bytes are until they are published; other libraries may write there.
  public let temporaryPath: String
  private var isPublished = false

  /// Creates the temporary file.
  public init(_ path: String) throws(FileError) {
    self.path = path
    temporaryPath = "\(Folder.parent(of: path))/.\(Folder.lastName(of: path)).\(getpid()).tmp"
    _ = try FileDescriptor(
      temporaryPath, flags: O_WRONLY | O_CREAT | O_TRUNC, operation: .create)
  }

  deinit {
    if !isPublished { unlink(temporaryPath) }
  }

  /// Appends bytes.
  public func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    let file = try FileDescriptor(temporaryPath, flags: O_WRONLY | O_APPEND, operation: .write)
    try file.write(bytes)
  }

  public func write(_ bytes: [UInt8]) throws(FileError) {
    let file = try FileDescriptor(temporaryPath, flags: O_WRONLY | O_APPEND, operation: .write)
    var failure: FileError?
    bytes.withUnsafeBytes { bytes in
      do throws(FileError) { try file.write(bytes) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  /// Puts the file under its name, replacing what was there.
  public func publish() throws(FileError) {
    do {
      // A failed flush may have dropped data: the file is lost and must be written anew.
      let file = try FileDescriptor(temporaryPath, flags: O_RDONLY, operation: .flush)
      try file.flush()
    }
    guard rename(temporaryPath, path) == 0 else {
      throw FileError(.publish, path: path, code: errno)
    }
    isPublished = true
    try Folder.flush(Folder.parent(of: path))
  }

  /// Writes and publishes a whole file.
  public static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
    let file = try AtomicFile(path)
    try file.write(bytes)
    try file.publish()
  }

  /// Whether a name is one that an unpublished file has.
  public static func isTemporary(_ name: String) -> Bool {
    name.hasPrefix(".") && name.hasSuffix(".tmp")
  }

  /// Removes what killed processes left in a folder. The caller holds the folder's lock.
  public static func sweepTemporaries(in folder: String) throws(FileError) {
    for name in try Folder.names(in: folder) where isTemporary(name) {
      unlink("\(folder)/\(name)")
    }
  }
}
