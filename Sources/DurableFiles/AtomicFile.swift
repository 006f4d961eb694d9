internal import Glibc
internal import Synchronization

/// A file that appears whole under its name or not at all.
///
/// It is written under a temporary name in the same folder, flushed to the disk, renamed, and the
/// folder is flushed. What is not published is removed; what a killed process left behind is known
/// by its name and by its missing lock (see ``sweepAbandoned(in:)``).
///
///     let file = try AtomicFile("results/embeddings.npy")
///     try file.write(header)
///     try file.publish()
public final class AtomicFile {
  public let path: String
  /// Where the bytes are until they are published; other libraries may write there.
  public let temporaryPath: String
  /// Open from the first byte on, so that every failure to store one reaches the flush.
  private let file: FileDescriptor
  private var isPublished = false
  private var background: BackgroundFlush?

  /// Creates the temporary file.
  public convenience init(_ path: String) throws(FileError) {
    try self.init(path) { _ in }
  }

  /// - Parameter beforeLocking: done between making the temporary file and locking it.
  init(_ path: String, beforeLocking: (_ temporaryPath: String) -> Void) throws(FileError) {
    self.path = path
    file = try Self.createLocked(for: path, beforeLocking)
    temporaryPath = file.path
  }

  deinit {
    // Its thread uses the descriptor.
    background = nil
    guard !isPublished else { return }
    // Another descriptor may still be open somewhere; the room on the disk comes back all the same.
    _ = ftruncate(file.number, 0)
    unlink(temporaryPath)
  }

  /// Appends bytes.
  public func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    do throws(FileError) {
      try file.write(bytes)
    } catch {
      throw FileError(error.operation, path: path, code: error.code)
    }
  }

  public func write(_ bytes: [UInt8]) throws(FileError) {
    try bytes.withUnsafeBufferPointer { (bytes) throws(FileError) in
      try write(UnsafeRawBufferPointer(bytes))
    }
  }

  /// Replaces bytes that were written before, such as a header that states what follows it.
  public func rewrite(_ bytes: [UInt8], at offset: Int) throws(FileError) {
    do throws(FileError) {
      try file.write(bytes, at: offset)
    } catch {
      throw FileError(.write, path: path, code: error.code)
    }
  }

  /// Brings bytes to the disk as they come, on a thread of its own, until all are there.
  public func flushInBackground() { background = background ?? BackgroundFlush(file.number) }

  /// Says that all bytes are written, so that the last of them are flushed in the background.
  public func endWriting() {
    flushInBackground()
    background?.complete()
  }

  /// Brings the bytes to the disk, which `publish` does too.
  ///
  /// A failed flush may have dropped data without a second word: the file is lost and must be
  /// written anew, never flushed again.
  public func flush() throws(FileError) {
    if let running = background {
      let code = running.wait()
      background = nil
      guard code == 0 else { throw FileError(.flush, path: path, code: code) }
      return
    }
    do throws(FileError) {
      try file.flush()
    } catch {
      throw FileError(.flush, path: path, code: error.code)
    }
  }

  /// Puts the file under its name, replacing what was there.
  public func publish() throws(FileError) {
    try flush()
    guard rename(temporaryPath, path) == 0 else {
      throw FileError(.publish, path: path, code: errno)
    }
    isPublished = true
    // Others may change it now, and lock it for that.
    _ = flock(file.number, LOCK_UN)
    try Folder.flush(Folder.parent(of: path))
  }

  /// Writes and publishes a whole file.
  public static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
    let file = try AtomicFile(path)
    try file.write(bytes)
    try file.publish()
  }

  /// Whether a name is one that an unpublished file or link has.
  public static func isTemporary(_ name: String) -> Bool { TemporaryName.isOne(name) }

  /// Removes all files and links that are not published. The caller holds the folder's lock: all of
  /// them are of killed processes.
  ///
  /// - Returns: the removed names in byte order.
  @discardableResult
  public static func sweepTemporaries(in folder: String) throws(FileError) -> [String] {
    let stray = try Folder.names(in: folder).filter(isTemporary)
    for name in stray {
      guard unlink("\(folder)/\(name)") == 0 || errno == ENOENT else {
        throw FileError(.remove, path: "\(folder)/\(name)", code: errno)
      }
    }
    return stray
  }
}

/// Names like `.step-00000001.h5.4711-3.duiqi-tmp`: file, process, count within the process.
enum TemporaryName {
  private static let suffix = ".duiqi-tmp"
  private static let count = Atomic<Int>(0)

  static func next(for path: String) -> String {
    while true {
      let number = count.add(1, ordering: .relaxed).newValue
      let name = ".\(Folder.lastName(of: path)).\(getpid())-\(number)\(suffix)"
      let candidate = "\(Folder.parent(of: path))/\(name)"
      // A killed process may have had our number: in containers each run often has the same.
      var status = stat()
      if lstat(candidate, &status) != 0 { return candidate }
    }
  }

  static func isOne(_ name: String) -> Bool { name.hasPrefix(".") && name.hasSuffix(suffix) }
}
