internal import Glibc

extension AtomicFile {
  /// So often a new file may be taken for an abandoned one.
  private static let attemptLimit = 100

  /// Removes the files that killed processes left unpublished in a folder, never those of living
  /// ones, whichever of them share the folder.
  ///
  /// Whoever writes a file holds a shared lock on it, which the system lets go when the process
  /// ends. The number in the name would tell less: in another container, or on another machine, the
  /// same number is another process. What cannot be opened, locked or removed stays, for it is in
  /// nobody's way: files of another user, and all of them where the file system has no locks.
  ///
  /// - Returns: the removed names in byte order.
  @discardableResult
  public static func sweepAbandoned(in folder: String) -> [String] {
    let names = (try? Folder.names(in: folder)) ?? []
    return names.filter { isTemporary($0) && removeIfAbandoned("\(folder)/\($0)") }
  }

  private static func removeIfAbandoned(_ path: String) -> Bool {
    do throws(FileError) {
      let file = try FileDescriptor(
        path, flags: O_RDWR | O_NOFOLLOW | O_NONBLOCK, operation: .remove)
      // The second name that `SharedCopy` makes costs no room as long as the first is there, and a
      // lock on it would be one on the first.
      guard file.isOnlyName, flock(file.number, LOCK_EX | LOCK_NB) == 0, file.isAt(path) else {
        return false
      }
      return unlink(path) == 0
    } catch {
      return false
    }
  }

  /// Creates a temporary file and locks it, which tells it from an abandoned one.
  ///
  /// - Parameter beforeLocking: done in between, when others can take it for one.
  static func createLocked(
    for path: String, _ beforeLocking: (_ temporaryPath: String) -> Void
  ) throws(FileError) -> FileDescriptor {
    for _ in 0..<attemptLimit {
      let file: FileDescriptor
      do throws(FileError) {
        // Some network file systems lock only what is open for both.
        file = try FileDescriptor(
          TemporaryName.next(for: path), flags: O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW,
          operation: .create)
      } catch {
        throw FileError(.create, path: path, code: error.code)
      }
      beforeLocking(file.path)
      // Shared, so that programs that lock what they read are not kept from a file just published.
      // Where the file system has no locks, nobody removes the file either.
      if flock(file.number, LOCK_SH | LOCK_NB) != 0, errno == EWOULDBLOCK { continue }
      if file.isAt(file.path) { return file }
    }
    throw FileError(
      .create, path: path, code: ENOENT, problem: "it was deleted each time it was made")
  }
}
