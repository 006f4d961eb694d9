/// Answers to queries as one picture: a row a query, the best answer first.
public struct ContactSheet: Sendable {
  public struct Tile: Sendable {
    public let image: DecodedImage
    /// Whether it is an answer that was wanted; drawn with a green frame.
    public let isRight: Bool

    public init(image: DecodedImage, isRight: Bool = false) {
      self.image = image
      self.isRight = isRight
    }
  }

  private static let tileSize = 96
  private static let frame = 4
  private static let gap = 8

  private let rows: [[Tile]]

  /// - Parameter rows: at least one, none empty.
  public init(rows: [[Tile]]) {
    precondition(!rows.isEmpty && rows.allSatisfy { !$0.isEmpty }, "a sheet has tiles")
    self.rows = rows
  }

  /// The sheet on white.
  public func draw() -> DecodedImage {
    let cell = Self.tileSize + 2 * Self.frame + Self.gap
    let columnCount = rows.map(\.count).max() ?? 1
    var canvas = Canvas(
      width: columnCount * cell + Self.gap, height: rows.count * cell + Self.gap)
    for (y, row) in rows.enumerated() {
      for (x, tile) in row.enumerated() {
        let (left, top) = (Self.gap + x * cell, Self.gap + y * cell)
        let side = Self.tileSize + 2 * Self.frame
        canvas.fill(
          x: left, y: top, width: side, height: side,
          colour: tile.isRight ? (46, 160, 67) : (225, 228, 232))
        canvas.place(
          tile.image.resized(to: Self.tileSize), x: left + Self.frame, y: top + Self.frame)
      }
    }
    return canvas.image
  }
}

/// Pixels being drawn on, white at first.
private struct Canvas {
  let width: Int
  let height: Int
  var pixels: [UInt8]

  init(width: Int, height: Int) {
    self.width = width
    self.height = height
    pixels = [UInt8](repeating: 255, count: width * height * 3)
  }

  var image: DecodedImage { DecodedImage(width: width, height: height, pixels: pixels) }

  mutating func fill(
    x: Int, y: Int, width: Int, height: Int, colour: (UInt8, UInt8, UInt8)
  ) {
    for row in y..<y + height {
      for column in x..<x + width {
        let start = 3 * (row * self.width + column)
        (pixels[start], pixels[start + 1], pixels[start + 2]) = colour
      }
    }
  }

  mutating func place(_ image: DecodedImage, x: Int, y: Int) {
    for row in 0..<image.height {
      let source = 3 * row * image.width
      let target = 3 * ((y + row) * width + x)
      for offset in 0..<3 * image.width { pixels[target + offset] = image.pixels[source + offset] }
    }
  }
}
