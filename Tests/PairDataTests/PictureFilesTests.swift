import FileTestSupport
import Foundation
import Testing

@testable import PairData

@Suite struct PictureFilesTests {
  private let folder: TemporaryFolder
  private let preparation = ImagePreparation(size: 8)

  init() throws {
    folder = try TemporaryFolder()
  }

  /// A picture of one grey.
  private func picture(_ grey: UInt8) throws -> [UInt8] {
    try PNGWriter.encode(
      DecodedImage(width: 4, height: 4, pixels: [UInt8](repeating: grey, count: 48)))
  }

  @Test func `pictures come in byte order, whoever reads them`() async throws {
    for (index, name) in ["z.png", "B.PNG", "a.jpeg", "a.png", "é.webp"].enumerated() {
      try folder.write(try picture(UInt8(index)), to: name)
    }
    try folder.write([1], to: "notes.txt")
    try folder.write([1], to: ".hidden.png")
    let pictures = try PictureFiles(folder.path, preparation: preparation)
    #expect(pictures.names == ["B.PNG", "a.jpeg", "a.png", "z.png", "é.webp"])
    #expect(pictures.otherCount == 1)
    let one = try await pictures.batch(0..<5, taskCount: 1).pixels
    let many = try await pictures.batch(0..<5, taskCount: 4).pixels
    #expect(one == many)
    let parts = try await pictures.batch(3..<5, taskCount: 2).pixels
    #expect(parts == Array(one[(3 * 192)...]))
  }

  @Test func `the first picture that cannot be used is named`() async throws {
    for name in ["a.png", "c.png"] { try folder.write(try picture(1), to: name) }
    for name in ["b.png", "d.png"] { try folder.write([1, 2, 3], to: name) }
    let pictures = try PictureFiles(folder.path, preparation: preparation)
    let error = await #expect(throws: PairDataError.self) {
      try await pictures.batch(0..<4, taskCount: 3)
    }
    #expect(
      error
        == .unreadablePicture(
          path: "\(folder.path)/b.png", .unknownFormat(firstBytes: [1, 2, 3])))
  }

  @Test func `one file counts whatever it is called`() async throws {
    let path = try folder.write(try picture(7), to: "picture")
    let pictures = try PictureFiles(path, preparation: preparation)
    #expect(pictures.names == ["picture"])
    #expect(try await pictures.batch(0..<1, taskCount: 1).count == 1)
  }

  @Test func `a folder without pictures is an error`() throws {
    #expect(throws: PairDataError.noPictures(folder: folder.path)) {
      try PictureFiles(folder.path, preparation: preparation)
    }
  }
}
