internal import DurableFiles
internal import Glibc

extension ONNXModel {
  /// The longest message that protobuf's readers accept, 2 GiB less a byte.
  static let messageLimit = Int(Int32.max)

  /// Writes the model so that a file under the final name is always whole.
  ///
  /// A model beyond 2 GiB keeps its weights in `<path>.data`; then an older model is removed first,
  /// so that no model ever stands beside the weights of another.
  ///
  /// - Parameters:
  ///   - path: of the model, in an existing folder.
  ///   - dataSuffix: what the name of the file with the weights ends in, where there is one.
  ///   - values: a whole parameter's values by path, asked for one after the other.
  /// - Returns: the paths of the files written.
  @discardableResult
  public func write(
    to path: String, dataSuffix: String = ".data", values: (_ path: String) -> [Float]
  ) throws(ONNXError) -> [String] {
    try write(
      to: path, dataSuffix: dataSuffix, messageLimit: ONNXModel.messageLimit, values: values)
  }

  func write(
    to path: String, dataSuffix: String = ".data", messageLimit: Int,
    values: (_ path: String) -> [Float]
  ) throws(ONNXError) -> [String] {
    let stream = try InitializerStream(self)
    let digest = ContentDigest()
    if stream.byteCount <= messageLimit {
      try writeFile(path, digest, digitsAt: ContentDigest.offset(in: stream.head)) {
        write throws(ONNXError) in
        try stream.write(values: values, to: write)
      }
      return [path]
    }
    let dataPath = path + dataSuffix
    let location = dataPath.split(separator: "/").last.map(String.init) ?? dataPath
    let external = try ExternalData(self, location: location, limit: messageLimit)
    try removeFile(path)
    try writeFile(dataPath, digest, digitsAt: nil) { write throws(ONNXError) in
      try external.write(values: values, to: write)
    }
    try writeFile(path, digest, digitsAt: ContentDigest.offset(in: external.message)) {
      write throws(ONNXError) in
      try external.message.write(to: write)
    }
    return [path, dataPath]
  }

  /// - Parameter digitsAt: where the digest of all that was written goes at last.
  private func writeFile(
    _ path: String, _ digest: ContentDigest, digitsAt offset: Int?,
    _ body: ((UnsafeRawBufferPointer) throws(ONNXError) -> Void) throws(ONNXError) -> Void
  ) throws(ONNXError) {
    let file = try reporting { () throws(FileError) in try AtomicFile(path) }
    try body { bytes throws(ONNXError) in
      digest.update(bytes)
      try reporting { () throws(FileError) in try file.write(bytes) }
    }
    try reporting { () throws(FileError) in
      if let offset { try file.rewrite(digest.finish(), at: offset) }
      try file.publish()
    }
  }

  private func reporting<Result>(
    _ body: () throws(FileError) -> Result
  ) throws(ONNXError) -> Result {
    do {
      return try body()
    } catch {
      throw .file(error)
    }
  }

  private func removeFile(_ path: String) throws(ONNXError) {
    guard unlink(path) != 0, errno != ENOENT else { return }
    throw .file(FileError(.publish, path: path, code: errno))
  }
}
