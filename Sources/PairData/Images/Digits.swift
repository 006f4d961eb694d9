/// The ten digits as dots, 5 across and 7 down.
enum Digits {
  private static let (width, height) = (5, 7)

  /// A row of dots a number, its highest of five bits leftmost.
  private static let rows: [[UInt8]] = [
    [0b01110, 0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b01110],
    [0b00100, 0b01100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110],
    [0b01110, 0b10001, 0b00001, 0b00110, 0b01000, 0b10000, 0b11111],
    [0b01110, 0b10001, 0b00001, 0b00110, 0b00001, 0b10001, 0b01110],
    [0b00010, 0b00110, 0b01010, 0b10010, 0b11111, 0b00010, 0b00010],
    [0b11111, 0b10000, 0b11110, 0b00001, 0b00001, 0b10001, 0b01110],
    [0b01110, 0b10000, 0b10000, 0b11110, 0b10001, 0b10001, 0b01110],
    [0b11111, 0b00001, 0b00010, 0b00010, 0b00100, 0b00100, 0b00100],
    [0b01110, 0b10001, 0b10001, 0b01110, 0b10001, 0b10001, 0b01110],
    [0b01110, 0b10001, 0b10001, 0b01111, 0b00001, 0b00001, 0b01110],
  ]

  /// The dots of a number that is not negative, as places from its upper left corner; one empty
  /// column lies between digits.
  static func dots(of number: Int) -> [(x: Int, y: Int)] {
    var dots: [(x: Int, y: Int)] = []
    for (index, character) in String(number).utf8.enumerated() {
      for (y, row) in rows[Int(character - 0x30)].enumerated() {
        for x in 0..<width where row >> UInt8(width - 1 - x) & 1 == 1 {
          dots.append((index * (width + 1) + x, y))
        }
      }
    }
    return dots
  }

  /// What a number covers when each dot is `scale` pixels a side.
  static func size(of number: Int, scale: Int) -> (width: Int, height: Int) {
    ((String(number).utf8.count * (width + 1) - 1) * scale, height * scale)
  }
}
