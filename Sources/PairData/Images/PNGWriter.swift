internal import CImageCodecs

/// Pictures out as PNG.
public enum PNGWriter {
  /// The bytes of a PNG file.
  public static func encode(_ image: DecodedImage) throws(ImageError) -> [UInt8] {
    var bytes: UnsafeMutablePointer<UInt8>?
    var count: Int64 = 0
    let status = dq_encode_png(
      image.pixels, Int64(image.width), Int64(image.height), &bytes, &count)
    guard status == dq_image_ok, let bytes else {
      throw .outOfMemory(width: image.width, height: image.height)
    }
    defer { dq_bytes_free(bytes) }
    return Array(UnsafeBufferPointer(start: bytes, count: Int(count)))
  }
}
