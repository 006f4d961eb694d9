extension CheckpointReader {
  /// Compares a section with what a model has, in both directions, before anything is read.
  ///
  /// - Parameter expected: all tensors of the section, in any order.
  /// - Throws: `missingMember`, `unexpectedMember` or `wrongShape` for the first difference in byte
  ///   order of the paths.
  public func requireTensors(
    _ expected: [(path: String, sizes: [Int])], in section: CheckpointSection
  ) throws(CheckpointError) {
    let found = paths(in: section)
    let expected = expected.sorted { CheckpointFormat.ordered($0.path, $1.path) }
    var next = 0
    for tensor in expected {
      if next < found.count, CheckpointFormat.ordered(found[next], tensor.path) {
        throw .unexpectedMember(path: path, member: "\(section.rawValue)/\(found[next])")
      }
      let member = "\(section.rawValue)/\(tensor.path)"
      guard next < found.count, found[next] == tensor.path else {
        throw .missingMember(path: path, member: member)
      }
      let sizes = try sizes(of: tensor.path, in: section)
      guard sizes == tensor.sizes else {
        throw .wrongShape(path: path, member: member, found: sizes, expected: tensor.sizes)
      }
      next += 1
    }
    if next < found.count {
      throw .unexpectedMember(path: path, member: "\(section.rawValue)/\(found[next])")
    }
  }
}
