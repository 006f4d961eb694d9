internal import DurableFiles
internal import StrictJSON

/// Whether a shard is whole: a tar to its end, each pair with a picture that decodes and texts that
/// can be read, and what the manifest beside it says.
public struct ShardCheck: Sendable {
  /// What is wrong, nothing for a whole shard.
  public let findings: [String]
  /// Members that are part of no pair, which is no damage; nothing where the tar is damaged.
  public let ignored: IgnoredMembers

  public init(_ path: String, taskCount: Int) async {
    do throws(PairDataError) {
      try Self.checkManifest(path)
      let shard = try PairShard(path: path, storage: .memoryOnly)
      let pairs = PairSet(shards: [shard])
      let damaged = try await ParallelMap.run(0..<pairs.count, taskCount: taskCount) {
        index throws(PairDataError) in
        try Self.damage(of: pairs[index], in: shard)
      }
      findings = damaged.compactMap { $0?.description }
      ignored = shard.ignored
    } catch {
      findings = ["\(error)"]
      ignored = IgnoredMembers()
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
      let (text, json) = (try text?.get(), try json?.get())
      if text != nil { _ = try CaptionSelector.text.captions(text: text, json: nil) }
      if let json { try checkTexts(of: json, areCaptions: text == nil) }
    } catch {
      reason = reason ?? error
    }
    return reason.map {
      DamagedPair(
        pair: pair.index, shard: pair.shard, key: pair.key,
        byteOffset: pair.members.firstOffset, reason: $0)
    }
  }

  /// A recipe says which field has the captions; where none has a letter, none can.
  private static func checkTexts(
    of bytes: [UInt8], areCaptions: Bool
  ) throws(DamagedPair.Reason) {
    let value: JSONValue
    do throws(JSONFault) {
      value = try JSONParser.parse(bytes)
    } catch {
      throw .malformedJSON(error)
    }
    guard areCaptions, case .object(let members) = value else { return }
    let texts = members.flatMap { member in
      if case .array(let values) = member.value { values } else { [member.value] }
    }.compactMap(\.string)
    guard texts.contains(where: { !CaptionSelector.trimmed($0).isEmpty }) else {
      throw .emptyCaption
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
