import Foundation
import Testing
import Tokenizers

/// What `make_tokenizer_fixture.py` wrote with the original tokenizer.
private struct ReferenceIDs: Decodable {
  struct Row: Decodable {
    let text: String
    let plain: [Int32]
    let training: [Int32]?
    let `repeat`: Int?
    let cut: [Bool]?
  }

  let contextLength: Int
  let rows: [Row]

  static func read() throws -> ReferenceIDs {
    let file = ChineseVocabulary.repository
      .appending(path: "Tests/Fixtures/tokenizer/reference_ids.json")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(ReferenceIDs.self, from: Data(contentsOf: file))
  }
}

@Suite struct ReferenceIDTests {
  @Test func `every text of the fixture gets the ids of the original on both paths`() throws {
    let tokenizer = try ChineseVocabulary.tokenizer.get()
    let reference = try ReferenceIDs.read()
    #expect(reference.rows.count > 1500)
    for row in reference.rows {
      let text = String(repeating: row.text, count: row.repeat ?? 1)
      let scalars = row.text.unicodeScalars.map { $0.escaped(asASCII: true) }.joined()
      for (index, path) in [TextPath.plain, .training].enumerated() {
        let encoded = tokenizer.encode(text, contextLength: reference.contextLength, path: path)
        let ids = path == .plain ? row.plain : row.training ?? row.plain
        #expect(encoded.ids == ids, "\(path) path of \(scalars), \(row.repeat ?? 1) times")
        #expect(encoded.isTruncated == row.cut?[index] ?? false, "\(path) path of \(scalars)")
      }
    }
  }

  @Test func `the fixture tells the two paths apart`() throws {
    #expect(try ReferenceIDs.read().rows.filter { $0.training != nil }.count > 50)
  }
}
