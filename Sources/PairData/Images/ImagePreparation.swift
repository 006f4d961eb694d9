internal import CImageCodecs

/// From the bytes of a picture to what the image tower reads.
public struct ImagePreparation: Sendable {
  /// Per-channel mean and deviation that pixels in 0 ... 1 are normalized with.
  public struct Normalization: Hashable, Sendable, CustomStringConvertible {
    public var mean: [Float]
    public var deviation: [Float]

    public init(mean: [Float], deviation: [Float]) {
      precondition(mean.count == 3 && deviation.count == 3, "one number for R, G and B each")
      self.mean = mean
      self.deviation = deviation
    }

    public var description: String {
      let lists = [mean, deviation].map { $0.map { "\($0)" }.joined(separator: ", ") }
      return "mean \(lists[0]) and deviation \(lists[1])"
    }

    /// OpenAI CLIP's, which Chinese-CLIP keeps (its `utils.py`).
    public static let clip = Normalization(
      mean: [0.481_454_66, 0.457_827_5, 0.408_210_73],
      deviation: [0.268_629_54, 0.261_302_58, 0.275_777_11])
  }

  /// Pixels on each side.
  public let size: Int
  public let augmentation: Augmentation
  public let decoder: ImageDecoder
  public let normalization: Normalization

  public init(
    size: Int, augmentation: Augmentation = .none,
    decoding: ImageDecodingOptions = ImageDecodingOptions(),
    normalization: Normalization = .clip
  ) {
    precondition(size > 0, "a picture of \(size) pixels a side")
    self.size = size
    self.augmentation = augmentation
    decoder = ImageDecoder(options: decoding)
    self.normalization = normalization
  }

  /// What is worth keeping of a picture between epochs: the original where augmentation cuts from
  /// it, else the resized picture.
  func stored(from bytes: [UInt8]) throws(DamagedPair.Reason) -> DecodedImage {
    do throws(ImageError) {
      return try decoded(from: bytes)
    } catch {
      throw .unreadableImage("\(error)")
    }
  }

  /// The same, with what the decoder says of bytes that it cannot decode.
  func decoded(from bytes: [UInt8]) throws(ImageError) -> DecodedImage {
    let image = try decoder.decode(bytes)
    return augmentation.needsOriginal ? image : image.resized(to: size)
  }

  /// The stored picture as training sees it this time.
  func augmented(
    _ image: DecodedImage, using random: inout some RandomNumberGenerator
  ) -> DecodedImage {
    augmentation.apply(to: image, size: size, using: &random)
  }

  /// The stored picture as evaluation sees it.
  func plain(_ image: DecodedImage) -> DecodedImage { image.resized(to: size) }

  /// Decodes, resizes and normalizes one picture. - Returns: [3, size, size].
  public func pixels(from bytes: [UInt8]) throws(ImageError) -> [Float] {
    let image = try decoder.decode(bytes).resized(to: size)
    return [Float](unsafeUninitializedCapacity: 3 * size * size) { floats, count in
      write(image, into: floats)
      count = 3 * size * size
    }
  }

  /// Normalized pixels [3, size, size] of a picture of that size.
  func write(_ image: DecodedImage, into floats: UnsafeMutableBufferPointer<Float>) {
    precondition(
      image.width == size && image.height == size && image.mode == .rgb
        && floats.count >= 3 * size * size,
      "\(image.width) x \(image.height) pixels of \(image.mode) into \(floats.count) floats for "
        + "size \(size)")
    let reciprocal = normalization.deviation.map { 1 / $0 }
    dq_normalize_pixels(
      image.pixels, Int64(size), Int64(size), normalization.mean, reciprocal, floats.baseAddress)
  }
}
