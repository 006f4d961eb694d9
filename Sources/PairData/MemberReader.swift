/// Reads the members of one pair and its captions from the shard, with limits on their sizes.
struct MemberReader: Sendable {
  /// Larger images are damage: no picture that a tower sees needs more.
  static let imageBytesLimit: Int64 = 64 << 20
  static let textBytesLimit: Int64 = 16 << 20

  let pairs: PairSet
  let selector: CaptionSelector

  /// What a pair consists of before its image is decoded.
  struct Contents: Sendable {
    /// Nil where the image's bytes were not asked for.
    let image: [UInt8]?
    let captions: [String]
  }

  /// Reads a pair. Damage to the pair is a value, damage to the shard or the disk an error.
  func contents(
    of pair: LocatedPair, readingImage: Bool
  ) throws(PairDataError) -> Result<Contents, DamagedPair.Reason> {
    guard let image = pair.members.image else { return .failure(.missingImage) }
    let extents =
      [(image, Self.imageBytesLimit)]
      + [pair.members.text, pair.members.json].compactMap { $0 }.map { ($0, Self.textBytesLimit) }
    for (extent, limit) in extents where extent.size > limit {
      return .failure(.memberTooLarge(bytes: extent.size, limit: limit))
    }
    let file = try pairs.shards[pair.shardIndex].open()
    let text = try bytes(of: pair.members.text, in: file)
    let json = try bytes(of: pair.members.json, in: file)
    do {
      let captions = try selector.captions(text: text, json: json)
      let imageBytes = readingImage ? try bytes(of: image, in: file) : nil
      return .success(Contents(image: imageBytes, captions: captions))
    } catch let reason as DamagedPair.Reason {
      return .failure(reason)
    } catch let error as PairDataError {
      throw error
    } catch {
      preconditionFailure("only these two kinds are thrown above, found \(error)")
    }
  }

  private func bytes(
    of extent: PairMembers.Extent?, in file: RandomAccessFile
  ) throws(PairDataError) -> [UInt8]? {
    guard let extent else { return nil }
    return try file.bytes(at: extent.offset, count: Int(extent.size))
  }
}
