internal import DurableFiles

extension ONNXFile {
  /// Bytes of an element by ONNX's number of its type; others are not checked.
  private static let elementByteCounts = [1: 4, 2: 1, 3: 1, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 16: 2]

  /// What is wrong with the model; nothing for a whole one. Models that duiqi wrote are compared
  /// with their digest, others as far as their lengths tell.
  public func findings() throws(ONNXError) -> [String] {
    var findings: [String] = []
    for tensor in tensors {
      if let problem = problem(of: tensor) {
        findings.append("\(path): the tensor `\(tensor.name)` \(problem)")
      }
    }
    guard findings.isEmpty, producer == ONNXModel.producer || digestOffset != nil else {
      return findings
    }
    guard let digestOffset, try digest(digestOffset) else {
      return ["\(path): its bytes are not those that were written; they differ from its digest"]
    }
    return []
  }

  private func problem(of tensor: Tensor) -> String? {
    var count = 1
    for size in tensor.sizes {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard size >= 0, !overflow, product < 1 << 48 else { return "has the sizes \(tensor.sizes)" }
      count = product
    }
    guard let byteCount = tensor.byteCount ?? (tensor.location == nil ? nil : count * 4),
      let elementByteCount = Self.elementByteCounts[tensor.elementType]
    else { return nil }
    guard byteCount == count * elementByteCount else {
      return "has \(byteCount) bytes, its sizes \(tensor.sizes) need \(count * elementByteCount)"
    }
    guard let location = tensor.location else { return nil }
    guard !location.isEmpty, !location.hasPrefix("/"),
      !location.split(separator: "/").contains("..")
    else { return "is said to be in `\(location)`, which is outside of the model's folder" }
    guard let available = Folder.fileBytes(at: dataPath(location)) else {
      return "should be in `\(location)`, which is not there"
    }
    guard tensor.offset >= 0, tensor.offset <= available, byteCount <= available - tensor.offset
    else { return "should end behind the end of `\(location)`" }
    return nil
  }

  private func dataPath(_ location: String) -> String { "\(Folder.parent(of: path))/\(location)" }

  /// Whether the digest is that of the bytes.
  private func digest(_ offset: Int) throws(ONNXError) -> Bool {
    let digest = ContentDigest()
    // Ours are all in one file beside the model.
    if let location = tensors.lazy.compactMap(\.location).first {
      try add(try Self.open(dataPath(location)), 0..<Int.max, to: digest)
    }
    let file = try Self.open(path)
    let digits = Array(ContentDigest.placeholder.utf8)
    guard offset >= 0, offset + digits.count <= file.byteCount else { return false }
    try add(file, 0..<offset, to: digest)
    digest.update(digits)
    try add(file, offset + digits.count..<Int.max, to: digest)
    return digest.finish() == (try Self.read(file, offset..<offset + digits.count))
  }

  private func add(
    _ file: OpenFile, _ range: Range<Int>, to digest: ContentDigest
  ) throws(ONNXError) {
    var start = range.lowerBound
    let end = min(range.upperBound, file.byteCount)
    while start < end {
      let part = start..<min(start + 1 << 20, end)
      digest.update(try Self.read(file, part))
      start = part.upperBound
    }
  }
}
