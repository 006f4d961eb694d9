/// How one of our parameters is found in a foreign checkpoint.
public struct DialectEntry: Hashable, Sendable {
  public enum Edit: Hashable, Sendable {
    case same
    /// Rows `part` of `count` equal parts of a stacked tensor.
    case part(Int, of: Int)
    /// Stored as the transpose.
    case transposed
  }

  public let path: String
  public let key: String
  public let edit: Edit
  /// Whether the foreign tensor holds whole numbers, which ours are in Float32.
  public let isCount: Bool

  init(_ path: String, _ key: String, _ edit: Edit = .same, isCount: Bool = false) {
    self.path = path
    self.key = key
    self.edit = edit
    self.isCount = isCount
  }

  /// The foreign tensor's sizes.
  ///
  /// - Parameter sizes: of our parameter.
  public func foreignSizes(of sizes: [Int]) -> [Int] {
    switch edit {
    case .same: sizes
    case .part(_, let count): [count * sizes[0]] + sizes.dropFirst()
    case .transposed: sizes.reversed()
    }
  }

  /// Our values out of the foreign tensor's.
  ///
  /// - Parameter sizes: of our parameter.
  public func values(from foreign: [Float], sizes: [Int]) -> [Float] {
    switch edit {
    case .same:
      return foreign
    case .part(let part, let count):
      let share = foreign.count / count
      return Array(foreign[part * share..<(part + 1) * share])
    case .transposed:
      let (rows, columns) = (sizes[0], sizes[1])
      var result = [Float](repeating: 0, count: foreign.count)
      for row in 0..<rows {
        for column in 0..<columns { result[row * columns + column] = foreign[column * rows + row] }
      }
      return result
    }
  }
}
