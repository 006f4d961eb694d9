import Autodiff
import CPUDevice
import Models
import Testing

@testable import Training

/// What every parity fixture is held to.
extension ParityRun {
  /// Names and shapes: nothing of theirs or ours is left out.
  func expectEveryTensor() {
    let entries = Self.entries(of: model)
    #expect(entries.map(\.path) == model.parameters.map(\.path))
    #expect(Set(entries.map(\.key)) == Set(fixture.keys))
    #expect(entries.count == fixture.keys.count)
    for (parameter, entry) in zip(model.parameters, entries) {
      let sizes = fixture.description.tensors.first { $0.name == "weights/\(entry.key)" }?.sizes
      #expect(sizes == parameter.sizes, "\(entry.path)")
    }
  }

  func expectEmbeddings() throws {
    let pairs = [
      ("image_embeddings", try imageEmbeddings()), ("text_embeddings", try textEmbeddings()),
    ]
    for (tensor, found) in pairs {
      let expected = try fixture.floats(tensor)
      try #require(found.count == expected.count)
      let largest = zip(found, expected).map { abs($0 - $1) }.max() ?? .infinity
      #expect(largest < 5e-6, "\(tensor) differ by \(largest)")
    }
  }

  /// The gradients that the last loss left, and which parameters have one.
  ///
  /// - Parameter prefix: where the fixture has them.
  /// - Returns: the largest difference as a share of the tensor's norm.
  func expectGradients(_ prefix: String) throws -> Double {
    var worst = 0.0
    for (parameter, entry) in zip(model.parameters, Self.entries(of: model)) {
      let isTrained = parameter.isLearned && !(mode.isLocked && entry.path.hasPrefix("image/"))
      #expect(parameters.layout[entry.path]?.isTrained == isTrained)
      guard isTrained else { continue }
      let expected = entry.values(
        from: try fixture.floats("\(prefix)/\(entry.key)"), sizes: parameter.sizes)
      let difference = norm(zip(parameters.gradient(of: entry.path), expected).map { $0 - $1 })
      // A key's bias shifts all scores of a query alike: its gradient is zero but for roundings,
      // which the second term allows for.
      let allowed = 1e-4 * norm(expected) + 1e-6
      #expect(difference < allowed, "\(entry.path): \(difference), of \(norm(expected))")
      if norm(expected) > 1e-4 { worst = max(worst, difference / norm(expected)) }
    }
    return worst
  }

  /// - Parameter bound: how far each of the ten losses may be from the expected one.
  func expectLosses(_ expected: [Float], within bound: Float) throws {
    let found = try losses()
    try #require(found.count == 10 && expected.count == 10)
    for (index, (found, expected)) in zip(found, expected).enumerated() {
      #expect(abs(found - expected) < bound, "step \(index + 1): \(found), expected \(expected)")
    }
  }
}

/// The root of the sum of squares.
func norm(_ values: [Float]) -> Double {
  values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
}
