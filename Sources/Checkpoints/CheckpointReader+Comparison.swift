internal import DurableFiles

/// What a reader finds in a file beside what its writer gave: so a file is known to be right before
/// anything depends on it.
extension CheckpointReader {
  /// - Parameters:
  ///   - written: all tensors, in the order of the file.
  ///   - digests: over them, as the file states them too.
  /// - Returns: the first difference, nothing where each byte is as it was given.
  func firstDifference(
    from written: [WrittenTensor], _ digests: (parameters: String, optimizer: String)
  ) -> CheckpointError? {
    let optimizer = BackgroundWork { [self] in
      firstDifference(from: written, in: [.firstMoments, .secondMoments, .weights])
    }
    if let difference = firstDifference(from: written, in: [.parameters]) { return difference }
    if let difference = optimizer.wait() { return difference }
    guard sha256 == digests.parameters, optimizerSHA256 == digests.optimizer else {
      return .damaged(path: path, member: "sha256", problem: "a digest is not the one written")
    }
    return nil
  }

  private func firstDifference(
    from written: [WrittenTensor], in sections: [CheckpointSection]
  ) -> CheckpointError? {
    for section in sections {
      let expected = written.filter { $0.section == section }
      do throws(CheckpointError) {
        try requireTensors(expected.map { ($0.path, $0.sizes) }, in: section)
        for tensor in expected { try requireSame(tensor) }
      } catch {
        return error
      }
    }
    return nil
  }

  private func requireSame(_ tensor: WrittenTensor) throws(CheckpointError) {
    var hashes: [UInt64] = []
    try readRuns(of: tensor.path, in: tensor.section) { _ in
    } _: { _, bytes in
      hashes.append(chunkHash(of: bytes))
    }
    guard hashes == tensor.hashes else {
      throw .damaged(
        path: path, member: "\(tensor.section.rawValue)/\(tensor.path)",
        problem: "its bytes are not those that were given")
    }
  }
}
