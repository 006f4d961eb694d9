/// The images of a batch as 8-bit RGB of one size, made into Float a range at a time.
///
/// Four times smaller than Float, which matters for batches of thousands of pairs of which only a
/// chunk is computed on at once; the Floats are the same whenever and wherever they are made.
public struct PixelBatch: Sendable {
  /// The number of images.
  public var count: Int { images.count }
  /// Width and height of every image in pixels; 0 where there are none.
  public let size: Int
  private let images: [DecodedImage]
  private let preparation: ImagePreparation?

  init(images: [DecodedImage], preparation: ImagePreparation?) {
    self.images = images
    self.preparation = preparation
    size = preparation?.size ?? 0
  }

  /// Floats of one image: 3 * size * size.
  public var floatsPerImage: Int { 3 * size * size }

  /// Normalized pixels of some images, [range, 3, size, size], into memory of just that length.
  public func write(_ range: Range<Int>, into floats: UnsafeMutableBufferPointer<Float>) {
    precondition(
      floats.count == range.count * floatsPerImage,
      "\(range.count) images of \(floatsPerImage) floats into \(floats.count)")
    guard let preparation else { return }
    for (place, index) in range.enumerated() {
      let start = place * floatsPerImage
      preparation.write(
        images[index],
        into: UnsafeMutableBufferPointer(rebasing: floats[start..<(start + floatsPerImage)]))
    }
  }

  /// Normalized pixels of some images, [range, 3, size, size].
  public func pixels(_ range: Range<Int>) -> [Float] {
    let total = range.count * floatsPerImage
    return [Float](unsafeUninitializedCapacity: total) { floats, count in
      write(range, into: UnsafeMutableBufferPointer(rebasing: floats[0..<total]))
      count = total
    }
  }

  /// Normalized pixels of all images, [count, 3, size, size].
  public var pixels: [Float] { pixels(0..<count) }
}
