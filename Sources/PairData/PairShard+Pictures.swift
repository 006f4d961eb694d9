extension PairShard {
  /// The number of the pair with a key, or nil.
  public func index(ofKey key: String) -> Int? {
    (0..<count).first { self.key(at: $0) == key }
  }

  /// The bytes of a pair's picture, or why they are not read.
  ///
  /// - Parameter file: the shard's own.
  func pictureBytes(
    at index: Int, in file: RandomAccessFile
  ) throws(PairDataError) -> Result<[UInt8], DamagedPair.Reason> {
    guard let extent = members(at: index).image else { return .failure(.missingImage) }
    let limit = MemberReader.imageBytesLimit
    guard extent.size <= limit else {
      return .failure(.memberTooLarge(bytes: extent.size, limit: limit))
    }
    return .success(try file.bytes(at: extent.offset, count: Int(extent.size)))
  }

  /// A pair's picture as it is, decoded, or what is wrong with it.
  public func picture(
    at index: Int, decoder: ImageDecoder
  ) throws(PairDataError) -> Result<DecodedImage, DamagedPair.Reason> {
    try pictureBytes(at: index, in: try open()).flatMap { bytes in
      do throws(ImageError) {
        return .success(try decoder.decode(bytes))
      } catch {
        return .failure(.unreadableImage("\(error)"))
      }
    }
  }
}
