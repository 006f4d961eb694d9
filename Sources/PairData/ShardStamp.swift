/// What a shard's index is keyed by: if any of it differs, the shard is another one.
struct ShardStamp: Equatable, Sendable {
  let status: FileStatus
  /// Of the first 4 KiB and the last 16 KiB, which is more than the zeros that end an archive.
  let digest: ContentDigest

  init(_ file: RandomAccessFile) throws(PairDataError) {
    status = file.status
    var head = [UInt8](repeating: 0, count: 4096)
    var tail = [UInt8](repeating: 0, count: 16384)
    let headCount = try file.read(into: &head, at: 0)
    let tailCount = try file.read(into: &tail, at: max(0, status.bytes - 16384))
    digest = ContentDigest(Array(head[..<headCount] + tail[..<tailCount]))
  }

  /// Size, seconds and nanoseconds as little-endian 64-bit numbers, then the digest.
  var bytes: [UInt8] {
    var result: [UInt8] = []
    for number in [status.bytes, status.modifiedSeconds, status.modifiedNanoseconds] {
      withUnsafeBytes(of: number.littleEndian) { result += $0 }
    }
    return result + digest.bytes
  }
}
