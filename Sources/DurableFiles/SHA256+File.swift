extension SHA256 {
  /// The digest of a whole file, hexadecimal, read a mebibyte at a time.
  public static func hexadecimalDigest(ofFile path: String) throws(FileError) -> String {
    let file = try OpenFile(path)
    var hash = SHA256()
    for start in stride(from: 0, to: file.byteCount, by: 1 << 20) {
      hash.update(try file.read(start..<min(start + 1 << 20, file.byteCount)))
    }
    return hexadecimal(hash.finalize())
  }
}
