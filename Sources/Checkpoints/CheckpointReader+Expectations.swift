extension CheckpointReader {
  /// Compares a section with what a model has, in both directions, before anything is read.
  ///
  /// - Parameter expected: all tensors of the section, in any order.
  /// - Throws: `missingMember`, `unexpectedMember` or `wrongShape` for the first difference in byte
  ///   order of the paths.
  public func requireTensors(
    _ expected: [(path: String, sizes: [Int])], in section: CheckpointSection
  ) throws(CheckpointError) {
    let expected = expected.sorted { CheckpointFormat.ordered($0.path, $1.path) }
    try requirePaths(expected.map(\.path), in: section) { index throws(CheckpointError) in
      let tensor = expected[index]
      let sizes = try sizes(of: tensor.path, in: section)
      guard sizes == tensor.sizes else {
        throw .wrongShape(
          path: path, member: "\(section.rawValue)/\(tensor.path)", found: sizes,
          expected: tensor.sizes)
      }
    }
  }

  /// - Parameters:
  ///   - expected: all paths of the section, in byte order.
  ///   - body: is called with the number of each that is there.
  func requirePaths(
    _ expected: [String], in section: CheckpointSection,
    _ body: (Int) throws(CheckpointError) -> Void
  ) throws(CheckpointError) {
    let found = paths(in: section)
    for (index, wanted) in expected.enumerated() {
      if index < found.count, CheckpointFormat.ordered(found[index], wanted) {
        throw .unexpectedMember(path: path, member: "\(section.rawValue)/\(found[index])")
      }
      guard index < found.count, found[index] == wanted else {
        throw .missingMember(path: path, member: "\(section.rawValue)/\(wanted)")
      }
      try body(index)
    }
    if expected.count < found.count {
      throw .unexpectedMember(
        path: path, member: "\(section.rawValue)/\(found[expected.count])")
    }
  }
}
