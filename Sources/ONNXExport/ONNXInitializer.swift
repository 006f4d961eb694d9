/// A constant of a model: a parameter, or numbers that lowering itself needs.
struct ONNXInitializer: Hashable, Sendable {
  enum Contents: Hashable, Sendable {
    /// Streamed into the file when it is written.
    case parameter(ParameterValues)
    case floats([Float])
    case integers([Int])
  }

  /// Which of a parameter's values are stored, and how.
  struct ParameterValues: Hashable, Sendable {
    let path: String
    /// Of the whole parameter.
    let elementCount: Int
    /// The first value that is stored; they are successive.
    let elementOffset: Int
    /// Whether a matrix is stored as its transpose.
    let isTransposed: Bool
  }

  let name: String
  /// As stored.
  let sizes: [Int]
  let contents: Contents

  var elementType: ONNXElementType {
    if case .integers = contents { return .int64 }
    return .float32
  }

  var elementCount: Int { sizes.reduce(1, *) }

  /// The values in the order of storage, out of the whole parameter's.
  ///
  /// - Throws: ``ONNXError/wrongValueCount(path:found:expected:)``.
  func stored(
    _ values: [Float], of parameter: ParameterValues
  ) throws(ONNXError) -> [Float] {
    guard values.count == parameter.elementCount else {
      throw .wrongValueCount(
        path: parameter.path, found: values.count, expected: parameter.elementCount)
    }
    let start = parameter.elementOffset
    guard parameter.isTransposed else {
      return start == 0 && elementCount == values.count
        ? values : Array(values[start..<start + elementCount])
    }
    let (rows, columns) = (sizes[0], sizes[1])
    return [Float](unsafeUninitializedCapacity: elementCount) { buffer, count in
      for row in 0..<rows {
        for column in 0..<columns {
          buffer[row * columns + column] = values[start + column * rows + row]
        }
      }
      count = elementCount
    }
  }
}
