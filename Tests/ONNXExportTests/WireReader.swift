/// Reads protobuf fields straight from bytes, without any schema: what the writer is judged by.
struct WireMessage {
  enum Value: Equatable {
    case integer(UInt64)
    case fixed([UInt8])
    case bytes([UInt8])
  }

  private(set) var fields: [(number: Int, value: Value)] = []

  /// `nil` if the bytes are not a message.
  init?(_ bytes: [UInt8]) {
    var index = 0
    func integer() -> UInt64? {
      var value: UInt64 = 0
      for shift in stride(from: UInt64(0), to: 64, by: 7) {
        guard index < bytes.count else { return nil }
        let byte = bytes[index]
        index += 1
        value |= UInt64(byte & 0x7F) << shift
        if byte < 0x80 { return value }
      }
      return nil
    }
    func taken(_ count: Int) -> [UInt8]? {
      guard count >= 0, count <= bytes.count - index else { return nil }
      defer { index += count }
      return Array(bytes[index..<index + count])
    }
    while index < bytes.count {
      guard let tag = integer() else { return nil }
      let value: Value?
      switch tag & 7 {
      case 0: value = integer().map(Value.integer)
      case 1: value = taken(8).map(Value.fixed)
      case 2: value = integer().flatMap { taken(Int($0)) }.map(Value.bytes)
      case 5: value = taken(4).map(Value.fixed)
      default: value = nil
      }
      guard let value else { return nil }
      fields.append((Int(tag >> 3), value))
    }
  }

  func messages(_ number: Int) -> [WireMessage] {
    allBytes(number).compactMap { WireMessage($0) }
  }

  func message(_ number: Int) -> WireMessage? { messages(number).first }

  func allBytes(_ number: Int) -> [[UInt8]] {
    fields.compactMap { field in
      if case .bytes(let bytes) = field.value, field.number == number { return bytes }
      return nil
    }
  }

  func text(_ number: Int) -> String? {
    allBytes(number).first.map { String(decoding: $0, as: UTF8.self) }
  }

  func integers(_ number: Int) -> [UInt64] {
    fields.compactMap { field in
      if case .integer(let integer) = field.value, field.number == number { return integer }
      return nil
    }
  }
}
