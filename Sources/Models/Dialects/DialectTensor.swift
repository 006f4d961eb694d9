/// A foreign tensor and the parameters that it is put together of: a dialect read backwards.
public struct DialectTensor: Equatable, Sendable {
  public let key: String
  public let sizes: [Int]
  /// One, or those of a stacked tensor in their order.
  public let parts: [DialectEntry]

  /// Whether it holds whole numbers.
  public var isCount: Bool { parts[0].isCount }

  /// All tensors of a dialect, in the order in which its entries first name them.
  ///
  /// - Parameter sizes: of the parameter at a path.
  public static func all(
    of entries: [DialectEntry], sizes: (_ path: String) -> [Int]
  ) -> [DialectTensor] {
    var keys: [String] = []
    var parts: [String: [DialectEntry]] = [:]
    for entry in entries {
      if parts[entry.key] == nil { keys.append(entry.key) }
      parts[entry.key, default: []].append(entry)
    }
    return keys.map { key in
      let parts = (parts[key] ?? []).sorted { $0.partIndex < $1.partIndex }
      precondition(
        parts.map(\.partIndex) == Array(0..<(parts.first?.partCount ?? 0)),
        "\(key) is not put together of all its parts.")
      return DialectTensor(
        key: key, sizes: parts[0].foreignSizes(of: sizes(parts[0].path)), parts: parts)
    }
  }
}

extension DialectEntry {
  fileprivate var partIndex: Int {
    if case .part(let part, _) = edit { part } else { 0 }
  }

  fileprivate var partCount: Int {
    if case .part(_, let count) = edit { count } else { 1 }
  }

  /// Our values as they stand in the foreign tensor, or in its part.
  ///
  /// - Parameter sizes: of our parameter.
  public func foreignValues(from own: [Float], sizes: [Int]) -> [Float] {
    edit == .transposed ? values(from: own, sizes: sizes.reversed()) : own
  }
}
