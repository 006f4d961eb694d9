/// A value on the reference device: sizes and elements, row-major; ids are Doubles too.
public struct ReferenceArray: Sendable, Equatable {
  public var sizes: [Int]
  public var values: [Double]

  public init(sizes: [Int], values: [Double]) {
    precondition(
      sizes.reduce(1, *) == values.count, "\(values.count) elements for sizes \(sizes).")
    self.sizes = sizes
    self.values = values
  }

  public init(sizes: [Int], repeating value: Double) {
    self.init(sizes: sizes, values: [Double](repeating: value, count: sizes.reduce(1, *)))
  }

  /// The last extent.
  public var width: Int { sizes.last ?? 1 }
  /// All extents but the last, multiplied.
  public var rows: Int { sizes.dropLast().reduce(1, *) }

  public subscript(row: Int, column: Int) -> Double {
    get { values[row * width + column] }
    set { values[row * width + column] = newValue }
  }

  public func map(_ transform: (Double) -> Double) -> ReferenceArray {
    ReferenceArray(sizes: sizes, values: values.map(transform))
  }

  /// Elementwise; the sizes are equal.
  public func combined(
    with other: ReferenceArray, _ combine: (Double, Double) -> Double
  ) -> ReferenceArray {
    precondition(sizes == other.sizes, "\(sizes) and \(other.sizes) are combined elementwise.")
    return ReferenceArray(sizes: sizes, values: zip(values, other.values).map(combine))
  }
}
