/// The pictures of one shard by themselves, without their captions, and what tells them apart.
///
/// What is made of pictures alone, as a locked tower's embeddings are, depends on these and on no
/// caption selector: a pair whose captions cannot be used has a good picture here.
///
///     let pictures = try ShardPictures(shard, preparation: preparation, taskCount: 2)
///     let batch = try await pictures.batch(0..<32)
public struct ShardPictures: Sendable {
  /// See ``ShardStatus``.
  public let stamp: [UInt8]
  public let count: Int
  private let shard: PairShard
  private let file: RandomAccessFile
  private let preparation: ImagePreparation
  private let taskCount: Int
  private let view: Int?

  /// The bytes of a picture's digest.
  public static let digestBytes = 32

  /// - Parameter view: which of the augmentations of the preparation pictures are seen under;
  ///   nothing for pictures as evaluation sees them.
  /// - Throws: `fileFailure`, `shardChanged`.
  public init(
    _ shard: PairShard, preparation: ImagePreparation, view: Int? = nil, taskCount: Int
  ) throws(PairDataError) {
    self.view = view
    self.shard = shard
    self.preparation = preparation
    self.taskCount = taskCount
    count = shard.count
    file = try shard.open()
    stamp = ShardStatus.bytes(of: file.status)
  }

  /// The SHA-256 of each picture's bytes, end to end; of no bytes where there is no picture.
  public func digests(_ range: Range<Int>) async throws(PairDataError) -> [UInt8] {
    let parts = try await ParallelMap.run(range, taskCount: taskCount) {
      index throws(PairDataError) in
      Self.digest(of: try shard.pictureBytes(at: index, in: file)).bytes
    }
    return parts.flatMap { $0 }
  }

  /// The pictures of a range.
  ///
  /// - Throws: `unreadablePicture` where there was no memory for one; other damage is a value.
  public func batch(_ range: Range<Int>) async throws(PairDataError) -> PictureBatch {
    let pictures = try await ParallelMap.run(range, taskCount: taskCount) {
      index throws(PairDataError) in try picture(at: index)
    }
    return PictureBatch(range: range, pictures: pictures, preparation: preparation)
  }

  /// Reads a picture. - Returns: why it cannot be used; nothing where it can.
  public func damage(at index: Int) throws(PairDataError) -> DamagedPair.Reason? {
    try picture(at: index).damage
  }

  /// A pair of a set whose picture cannot be used.
  ///
  /// - Parameters:
  ///   - index: in the shard.
  ///   - pair: in the set.
  public func damagedPair(
    at index: Int, pair: Int, reason: DamagedPair.Reason
  ) -> DamagedPair {
    DamagedPair(
      pair: pair, shard: shard.path, key: shard.key(at: index),
      byteOffset: shard.members(at: index).firstOffset, reason: reason)
  }

  private func picture(at index: Int) throws(PairDataError) -> PictureBatch.Picture {
    let bytes = try shard.pictureBytes(at: index, in: file)
    let digest = Self.digest(of: bytes)
    let data: [UInt8]
    switch bytes {
    case .success(let found): data = found
    case .failure(let reason): return .init(digest: digest, image: .failure(reason))
    }
    do throws(ImageError) {
      let image = try preparation.decoded(from: data)
      return .init(digest: digest, image: .success(seen(image, digest)))
    } catch {
      // It tells of this process and not of the picture.
      if case .outOfMemory = error {
        throw .unreadablePicture(path: "\(shard.path): pair `\(shard.key(at: index))`", error)
      }
      return .init(digest: digest, image: .failure(.unreadableImage("\(error)")))
    }
  }

  /// Of no bytes where there is no picture.
  private static func digest(of bytes: Result<[UInt8], DamagedPair.Reason>) -> ContentDigest {
    guard case .success(let bytes) = bytes else { return ContentDigest([]) }
    return ContentDigest(bytes)
  }

  /// A view follows from the picture and its number: not from a seed, so that all runs share it.
  private func seen(_ image: DecodedImage, _ digest: ContentDigest) -> DecodedImage {
    guard let view else { return preparation.plain(image) }
    let seed = digest.bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    var random = CounterRandom(seed: seed, purpose: .augmentation, epoch: view, pair: 0)
    return preparation.augmented(image, using: &random)
  }
}

/// Pictures of neighbouring pairs, each in its place whether it could be read or not.
public struct PictureBatch: Sendable {
  struct Picture: Sendable {
    let digest: ContentDigest
    let image: Result<DecodedImage, DamagedPair.Reason>

    var damage: DamagedPair.Reason? {
      if case .failure(let reason) = image { reason } else { nil }
    }
  }

  /// The pairs' places in their shard.
  public let range: Range<Int>
  private let pictures: [Picture]
  private let preparation: ImagePreparation

  init(range: Range<Int>, pictures: [Picture], preparation: ImagePreparation) {
    self.range = range
    self.pictures = pictures
    self.preparation = preparation
  }

  /// The SHA-256 of each picture's bytes, end to end.
  public var digests: [UInt8] { pictures.flatMap(\.digest.bytes) }

  /// Why each picture cannot be used; nothing for those that can.
  public var damage: [DamagedPair.Reason?] { pictures.map(\.damage) }

  /// Normalized pixels [rows, 3, size, size]; 0 for pictures that could not be read.
  public func write(_ rows: Range<Int>, into floats: UnsafeMutableBufferPointer<Float>) {
    let floatsPerImage = 3 * preparation.size * preparation.size
    for (place, row) in rows.enumerated() {
      let start = place * floatsPerImage
      let target = UnsafeMutableBufferPointer(rebasing: floats[start..<start + floatsPerImage])
      switch pictures[row].image {
      case .success(let image): preparation.write(image, into: target)
      case .failure: target.update(repeating: 0)
      }
    }
  }
}
