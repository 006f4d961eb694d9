/// The cyclic redundancy check that TFRecord frames carry: CRC-32C, the Castagnoli polynomial.
///
/// - Source: RFC 3720, appendix B.4.
enum CRC32C {
  /// The polynomial 0x1EDC6F41 with its bits reversed, for data whose first bit is the lowest.
  private static let polynomial: UInt32 = 0x82F6_3B78

  /// The check of every single byte.
  private static let table: [UInt32] = (0..<256).map { byte in
    var value = UInt32(byte)
    for _ in 0..<8 {
      value = value & 1 == 1 ? value >> 1 ^ polynomial : value >> 1
    }
    return value
  }

  /// The check of these bytes: 0xE3069283 for the text "123456789".
  static func checksum(of bytes: some Sequence<UInt8>) -> UInt32 {
    let table = table
    var value = UInt32.max
    for byte in bytes {
      value = value >> 8 ^ table[Int((value ^ UInt32(byte)) & 0xFF)]
    }
    return ~value
  }

  /// The check as TFRecord stores it: rotated right by 15 and offset, so that data which holds
  /// checks of its own is still checked well.
  static func masked(of bytes: some Sequence<UInt8>) -> UInt32 {
    let value = checksum(of: bytes)
    return (value >> 15 | value << 17) &+ 0xA282_EAD8
  }
}
