/// What tells two states of a shard's file apart without reading it.
///
/// As long as it is the same nobody wrote to the file: one of its times of change is the system's
/// own and cannot be set back.
public enum ShardStatus {
  public static let byteCount = 48

  /// Size, both times of change and inode as little-endian 64-bit numbers.
  static func bytes(of status: FileStatus) -> [UInt8] {
    let numbers = [
      status.bytes, status.modifiedSeconds, status.modifiedNanoseconds, status.changedSeconds,
      status.changedNanoseconds, Int64(bitPattern: status.inode),
    ]
    return numbers.flatMap { number in withUnsafeBytes(of: number.littleEndian) { Array($0) } }
  }
}
