internal import DurableFiles

/// The first 48 bytes of an HDF5 file, looked at before the library sees the file.
///
/// Files whose metadata carry no checksums, which most files made to do harm are, never reach the
/// library, and a file that is shorter or longer than its superblock says is noticed here. The
/// superblock's own checksum is the library's to check.
///
/// Source: HDF5 File Format Specification 3.0, section II.A, superblock versions 2 and 3.
enum HDF5Superblock {
  private static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]
  private static let byteCount = 48
  private static let isBeingWritten: UInt8 = 1

  /// - Throws: `notHDF5`, `truncated`, `foreign`, `forbidden`, `damaged`; `file`.
  static func check(_ path: String) throws(CheckpointError) {
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try FileContents.readPrefix(path, count: byteCount)
    } catch {
      throw .file(error)
    }
    guard !bytes.isEmpty else { throw .truncated(path: path, problem: "it is empty") }
    guard bytes.starts(with: signature) else {
      throw signature.starts(with: bytes)
        ? .truncated(path: path, problem: "\(bytes.count) bytes") : .notHDF5(path: path)
    }
    guard bytes.count == byteCount else {
      throw .truncated(path: path, problem: "\(bytes.count) bytes")
    }
    let version = bytes[8]
    guard version >= 2 else {
      throw .foreign(
        path: path, problem: "this HDF5 file has no checksums (superblock version \(version))")
    }
    guard version <= 3 else {
      throw .unreadable(path: path, problem: "superblock version \(version)")
    }
    guard bytes[9] == 8, bytes[10] == 8 else {
      throw .foreign(path: path, problem: "this HDF5 file has addresses of another size")
    }
    guard bytes[11] & isBeingWritten == 0 else {
      throw .truncated(path: path, problem: "it was never closed by its writer")
    }
    guard number(bytes, at: 12) == 0 else {
      throw .forbidden(path: path, member: "superblock", problem: "says that the file begins later")
    }
    try checkEnd(number(bytes, at: 28), path)
  }

  private static func checkEnd(_ stated: UInt64, _ path: String) throws(CheckpointError) {
    let found = UInt64(Folder.fileBytes(at: path) ?? 0)
    guard found >= stated else {
      throw .truncated(path: path, problem: "\(found) of \(stated) bytes")
    }
    guard found == stated else {
      throw .damaged(
        path: path, member: "superblock", problem: "it ends at \(stated) of \(found) bytes")
    }
  }

  private static func number(_ bytes: [UInt8], at offset: Int) -> UInt64 {
    (0..<8).reduce(0) { $0 | UInt64(bytes[offset + $1]) << (8 * UInt64($1)) }
  }
}
