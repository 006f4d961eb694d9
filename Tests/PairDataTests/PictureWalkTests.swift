import FileTestSupport
import Testing

@testable import PairData

@Suite struct PictureWalkTests {
  private let folder: TemporaryFolder
  private let preparation = ImagePreparation(size: 8)

  init() throws {
    folder = try TemporaryFolder()
    for number in 0..<7 {
      let grey = [UInt8](repeating: UInt8(30 * number), count: 3 * 9 * 9)
      try folder.write(
        try PNGWriter.encode(DecodedImage(width: 9, height: 9, pixels: grey)), to: "\(number).png")
    }
  }

  @Test(arguments: [1, 3, 7, 20])
  func `a walk gives all pictures once, in order`(atOnce: Int) async throws {
    let pictures = try PictureFiles(folder.path, preparation: preparation)
    let whole = try await pictures.batch(0..<7, taskCount: 1).pixels
    var walk = PictureWalk(pictures, atOnce: atOnce, taskCount: 2)
    var (pixels, end) = ([Float](), 0)
    while let (range, batch) = try await walk.next() {
      #expect(range.lowerBound == end && range.count == batch.count && range.count <= atOnce)
      end = range.upperBound
      pixels += batch.pixels
    }
    #expect(end == 7 && pixels == whole)
    #expect(try await walk.next() == nil)
  }

  @Test func `pictures before a damaged one are given, then it is named`() async throws {
    try folder.write([1, 2, 3], to: "4.png")
    var walk = PictureWalk(
      try PictureFiles(folder.path, preparation: preparation), atOnce: 2, taskCount: 2)
    #expect(try await walk.next()?.range == 0..<2)
    #expect(try await walk.next()?.range == 2..<4)
    let error = await #expect(throws: PairDataError.self) { try await walk.next() }
    #expect(
      error
        == .unreadablePicture(
          path: "\(folder.path)/4.png", .unknownFormat(firstBytes: [1, 2, 3])))
  }
}
