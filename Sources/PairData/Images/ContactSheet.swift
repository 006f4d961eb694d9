/// Answers to queries as one picture: a numbered row a query, the best answer first.
///
/// The queries' words are not on it, since drawing any script takes fonts; who draws a sheet lists
/// the queries beside it under the same numbers, which count from 1.
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

  private static let tileSide = 112
  private static let frame = 3
  private static let gap = 10
  private static let digitScale = 3

  private static let rightColour = Canvas.Colour(red: 46, green: 160, blue: 67)
  private static let plainColour = Canvas.Colour(red: 216, green: 222, blue: 228)
  private static let numberColour = Canvas.Colour(red: 101, green: 109, blue: 118)

  private let rows: [[Tile]]

  /// - Parameter rows: at least one, none empty.
  public init(rows: [[Tile]]) {
    precondition(!rows.isEmpty && rows.allSatisfy { !$0.isEmpty }, "a sheet has tiles")
    self.rows = rows
  }

  /// The sheet on white.
  public func draw() -> DecodedImage {
    let side = Self.tileSide + 2 * Self.frame
    let cell = side + Self.gap
    let numbers = Digits.size(of: rows.count, scale: Self.digitScale)
    let left = Self.gap + numbers.width + Self.gap
    let columnCount = rows.map(\.count).max() ?? 1
    var canvas = Canvas(width: left + columnCount * cell, height: Self.gap + rows.count * cell)
    for (index, row) in rows.enumerated() {
      let top = Self.gap + index * cell
      let number = Digits.size(of: index + 1, scale: Self.digitScale)
      canvas.draw(
        number: index + 1, scale: Self.digitScale, x: left - Self.gap - number.width,
        y: top + (side - number.height) / 2, colour: Self.numberColour)
      for (column, tile) in row.enumerated() {
        draw(tile, x: left + column * cell, y: top, on: &canvas)
      }
    }
    return canvas.image
  }

  /// The whole picture in the middle of its tile, white around it where it is not square.
  private func draw(_ tile: Tile, x: Int, y: Int, on canvas: inout Canvas) {
    let side = Self.tileSide + 2 * Self.frame
    canvas.fill(
      x: x, y: y, width: side, height: side,
      colour: tile.isRight ? Self.rightColour : Self.plainColour)
    canvas.fill(
      x: x + Self.frame, y: y + Self.frame, width: Self.tileSide, height: Self.tileSide,
      colour: .white)
    let picture = tile.image.fitted(into: Self.tileSide)
    canvas.place(
      picture, x: x + (side - picture.width) / 2, y: y + (side - picture.height) / 2)
  }
}
