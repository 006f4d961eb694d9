import Foundation
import Testing

@testable import Tokenizers
@testable import Training

@Suite struct EncodedLinesTests {
  private let tokenizer: Tokenizer
  private let path = NSTemporaryDirectory() + "duiqi-encoded-\(UUID().uuidString)"

  init() throws {
    let vocabulary = MiniatureRun.data + "/bert-chinese/vocab.txt"
    tokenizer = try Tokenizer(
      vocabularyBytes: Array(try Data(contentsOf: URL(filePath: vocabulary))))
  }

  /// More lines than are read at once, of many lengths, some of them above the context.
  private static let texts = (0..<1_300).map {
    String(repeating: "猫", count: ($0 * 7_919) % 23) + ($0 % 5 == 0 ? "" : "\($0)")
  }

  @Test(arguments: [(24, 1), (24, 3), (100, 2), (100_000, 2)])
  func `lines come in order, as many as a chunk takes, whoever encodes them`(
    tokensAtOnce: Int, taskCount: Int
  ) async throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Self.texts.map { $0 + "\n" }.joined().write(
      toFile: path, atomically: false, encoding: .utf8)
    var lines = EncodedLines(
      try TextLines(path), tokenizer: tokenizer, contextLength: 24, tokensAtOnce: tokensAtOnce,
      taskCount: taskCount)
    var (texts, ids, counts) = ([String](), [[Int32]](), [Int]())
    while let (moreTexts, moreIDs) = try await lines.next() {
      #expect(!moreTexts.isEmpty && moreTexts.count == moreIDs.count)
      (texts, ids) = (texts + moreTexts, ids + moreIDs)
      counts.append(moreIDs.reduce(0) { $0 + $1.count })
    }
    #expect(texts == Self.texts)
    #expect(ids == Self.texts.map { tokenizer.encode($0, contextLength: 24).ids })
    #expect(counts.allSatisfy { $0 <= tokensAtOnce })
    // Nothing but the last chunk has room for the longest text.
    #expect(counts.dropLast().allSatisfy { $0 > tokensAtOnce - 24 })
  }

  @Test func `a line that cannot be read fails where it stands`() async throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    var bytes = Array(String(repeating: "一\n", count: 600).utf8)
    bytes += [0xFF, 0x0A]
    try Data(bytes).write(to: URL(filePath: path))
    var lines = EncodedLines(
      try TextLines(path), tokenizer: tokenizer, contextLength: 24, tokensAtOnce: 64, taskCount: 2)
    let error = await #expect(throws: ModelError.self) {
      while try await lines.next() != nil {}
    }
    #expect(error.map { "\($0)".contains(":601") } == true)
  }
}
