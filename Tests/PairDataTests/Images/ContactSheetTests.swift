import Testing

@testable import PairData

@Suite struct ContactSheetTests {
  private static let green = [UInt8]([46, 160, 67])

  private func plain(width: Int, height: Int, _ colour: [UInt8]) -> DecodedImage {
    DecodedImage(
      width: width, height: height,
      pixels: (0..<width * height).flatMap { _ in colour })
  }

  private func pixel(_ image: DecodedImage, _ x: Int, _ y: Int) -> [UInt8] {
    Array(image.pixels[3 * (y * image.width + x)..<3 * (y * image.width + x) + 3])
  }

  @Test func `right answers have a green frame and wrong ones do not`() {
    let red = plain(width: 9, height: 9, [200, 10, 10])
    let sheet = ContactSheet(rows: [
      [.init(image: red, isRight: true), .init(image: red)],
      [.init(image: red), .init(image: red), .init(image: red, isRight: true)],
    ]).draw()
    // Three columns of 128 and two rows of 128, the numbers 15 wide, gaps of 10.
    #expect(sheet.width == 35 + 3 * 128)
    #expect(sheet.height == 10 + 2 * 128)
    for (row, column, isRight) in [
      (0, 0, true), (0, 1, false), (1, 0, false), (1, 1, false), (1, 2, true),
    ] {
      let (x, y) = (35 + 128 * column, 10 + 128 * row)
      #expect((pixel(sheet, x, y) == Self.green) == isRight)
      #expect((pixel(sheet, x + 117, y + 117) == Self.green) == isRight)
      #expect(pixel(sheet, x + 3, y + 3) == [200, 10, 10])
      #expect(pixel(sheet, x + 114, y + 114) == [200, 10, 10])
    }
    // No third answer to the first query.
    #expect(pixel(sheet, 35 + 128 * 2 + 60, 60) == [255, 255, 255])
  }

  @Test(arguments: [(40, 10), (10, 40), (1, 500), (500, 1), (112, 112), (3, 3)])
  func `pictures keep their sides' ratio and lie in the middle`(width: Int, height: Int) {
    let image = plain(width: width, height: height, [0, 0, 255])
    let sheet = ContactSheet(rows: [[.init(image: image)]]).draw()
    let isBlue = { (x: Int, y: Int) in pixel(sheet, x, y) == [0, 0, 255] }
    let (left, top) = (35 + 3, 10 + 3)
    let columns = (0..<112).filter { isBlue(left + $0, top + 55) }
    let rows = (0..<112).filter { isBlue(left + 55, top + $0) }
    #expect(columns.count == max(1, 112 * width / max(width, height)))
    #expect(rows.count == max(1, 112 * height / max(width, height)))
    #expect(abs((columns.first ?? 0) - (111 - (columns.last ?? 0))) <= 1)
    #expect(abs((rows.first ?? 0) - (111 - (rows.last ?? 0))) <= 1)
  }

  @Test func `rows are numbered from 1, each number different`() {
    let image = plain(width: 2, height: 2, [9, 9, 9])
    let sheet = ContactSheet(rows: (0..<12).map { _ in [.init(image: image)] }).draw()
    let labels = (0..<12).map { row in
      (0..<118).flatMap { y in
        (0..<53).map { x in pixel(sheet, x, 10 + 128 * row + y) != [255, 255, 255] }
      }
    }
    #expect(Set(labels).count == 12)
    // Numbers of one digit lie below the last digit of numbers of two.
    #expect(labels[0].indices.allSatisfy { !labels[0][$0] || $0 % 53 >= 28 })
    #expect(labels[9].indices.contains { labels[9][$0] && $0 % 53 < 28 })
  }

  @Test func `a sheet written as PNG reads back`() throws {
    let sheet = ContactSheet(rows: [
      try ImageFixtures.kinds().prefix(3).map {
        .init(image: try ImageDecoder().decode(try $0.bytes()))
      }
    ]).draw()
    #expect(try ImageDecoder().decode(try PNGWriter.encode(sheet)) == sheet)
  }
}
