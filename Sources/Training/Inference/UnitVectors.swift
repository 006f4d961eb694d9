/// Vectors of length 1 made of others.
enum UnitVectors {
  /// The direction of the sum, which is that of the mean; zeros where the vectors cancel out.
  static func direction(ofSum vectors: [[Float]]) -> [Float] {
    var sum = [Double](repeating: 0, count: vectors.first?.count ?? 0)
    for vector in vectors {
      for (axis, value) in vector.enumerated() { sum[axis] += Double(value) }
    }
    let length = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return sum.map { length > 0 ? Float($0 / length) : 0 }
  }
}
