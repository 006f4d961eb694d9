/// An amount of memory with its unit: `4 GiB`, `512 MiB`, `64 KiB` or `1 B`.
public struct ByteCount: Sendable, Equatable {
  public let bytes: Int

  public init(bytes: Int) {
    self.bytes = bytes
  }

  /// Reads a number and a binary unit. - Returns: nothing for other text or 8 EiB and more.
  public init?(_ text: String) {
    guard let quantity = UnitText(text), let number = PlainNumber.decimal(quantity.number),
      let unit = ByteCount.units.first(where: { $0.name == quantity.unit })
    else { return nil }
    let bytes = (number * Double(unit.bytes)).rounded()
    guard bytes >= 0, bytes < 0x1p62 else { return nil }
    self.bytes = Int(bytes)
  }

  fileprivate static let units: [(name: String, bytes: Int)] = [
    ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1),
  ]
}

extension ByteCount: CustomStringConvertible {
  /// The largest unit that leaves a whole number.
  public var description: String {
    for unit in ByteCount.units where bytes != 0 && bytes % unit.bytes == 0 {
      return "\(bytes / unit.bytes) \(unit.name)"
    }
    return "\(bytes) B"
  }
}
