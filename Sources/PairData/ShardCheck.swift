internal import DurableFiles
internal import StrictJSON

/// Whether a shard is whole: a tar to its end, each pair with a picture that decodes and texts that
/// can be read, and what the manifest beside it says.
public enum ShardCheck {
  /// - Returns: what is wrong, nothing for a whole shard.
  public static func findings(_ path: String, taskCount: Int) async -> [String] {
    do throws(PairDataError) {
      try checkManifest(path)
      let shard = try PairShard(path: path, storage: .memoryOnly)
      let pairs = PairSet(shards: [shard])
      let damaged = try await ParallelMap.run(0..<pairs.count, taskCount: taskCount) {
        index throws(PairDataError) in
        try damage(of: pairs[index], in: shard)
      }
      return damaged.compactMap { $0?.description }
    } catch {
      return ["\(error)"]
    }
  }

  private static func checkManifest(_ path: String) throws(PairDataError) {
    let manifest = "\(Folder.parent(of: path))/\(ShardManifest.fileName)"
    guard FileContents.exists(manifest) else { return }
    let name = Folder.lastName(of: path)
    let entries = try ShardManifest(path: manifest).entries
    guard let entry = entries.first(where: { $0.file == name }) else { return }
    try ShardManifest.verify(path: path, against: entry)
  }

  private static func damage(
    of pair: LocatedPair, in shard: PairShard
  ) throws(PairDataError) -> DamagedPair? {
    var reason: DamagedPair.Reason?
    if case .failure(let found) = try shard.picture(at: pair.index, decoder: ImageDecoder()) {
      reason = found
    }
    let file = try shard.open()
    let text = try contents(of: pair.members.text, in: file)
    let json = try contents(of: pair.members.json, in: file)
    do throws(DamagedPair.Reason) {
      guard text != nil || json != nil else { throw .missingCaption }
      if let text = try text?.get(), String(validating: text, as: UTF8.self) == nil {
        throw .captionNotUTF8
      }
      if let json = try json?.get() {
        do throws(JSONFault) {
          _ = try JSONParser.parse(json)
        } catch {
          throw .malformedJSON(error)
        }
      }
    } catch {
      reason = reason ?? error
    }
    return reason.map {
      DamagedPair(
        pair: pair.index, shard: pair.shard, key: pair.key,
        byteOffset: pair.members.firstOffset, reason: $0)
    }
  }

  private static func contents(
    of extent: PairMembers.Extent?, in file: RandomAccessFile
  ) throws(PairDataError) -> Result<[UInt8], DamagedPair.Reason>? {
    guard let extent else { return nil }
    let limit = MemberReader.textBytesLimit
    guard extent.size <= limit else {
      return .failure(.memberTooLarge(bytes: extent.size, limit: limit))
    }
    return .success(try file.bytes(at: extent.offset, count: Int(extent.size)))
  }
}
