/// Pixels being drawn on, white at first. What is drawn must lie inside.
struct Canvas {
  struct Colour: Equatable {
    let red: UInt8
    let green: UInt8
    let blue: UInt8

    static let white = Colour(red: 255, green: 255, blue: 255)
  }

  let width: Int
  let height: Int
  private var pixels: [UInt8]

  init(width: Int, height: Int) {
    self.width = width
    self.height = height
    pixels = [UInt8](repeating: 255, count: width * height * 3)
  }

  var image: DecodedImage { DecodedImage(width: width, height: height, pixels: pixels) }

  mutating func fill(x: Int, y: Int, width: Int, height: Int, colour: Colour) {
    for row in y..<y + height {
      for start in stride(
        from: 3 * (row * self.width + x), to: 3 * (row * self.width + x + width), by: 3)
      {
        pixels[start] = colour.red
        pixels[start + 1] = colour.green
        pixels[start + 2] = colour.blue
      }
    }
  }

  mutating func place(_ image: DecodedImage, x: Int, y: Int) {
    for row in 0..<image.height {
      let source = 3 * row * image.width
      let target = 3 * ((y + row) * width + x)
      pixels.replaceSubrange(
        target..<target + 3 * image.width, with: image.pixels[source..<source + 3 * image.width])
    }
  }

  /// A number, its upper left corner at a place, each of its dots `scale` pixels a side.
  mutating func draw(number: Int, scale: Int, x: Int, y: Int, colour: Colour) {
    for (dotX, dotY) in Digits.dots(of: number) {
      fill(
        x: x + dotX * scale, y: y + dotY * scale, width: scale, height: scale, colour: colour)
    }
  }
}
