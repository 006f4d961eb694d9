import Foundation
import Testing

@testable import Training

/// The table of keys in recipes/README.md is the schema's. Where the schema changed on purpose:
///
///     DUIQI_WRITE_KEYS=1 swift test --filter RecipeKeyTableTests
struct RecipeKeyTableTests {
  @Test func `the table in the recipes' README is that of the schema`() throws {
    let path = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../recipes/README.md").standardizedFileURL
    let text = try String(contentsOf: path, encoding: .utf8)
    let start = try #require(text.firstRange(of: "<!-- keys: "))
    let body = try #require(text[start.lowerBound...].firstRange(of: "-->\n")).upperBound
    let end = try #require(text.firstRange(of: "<!-- end of keys -->")).lowerBound
    if ProcessInfo.processInfo.environment["DUIQI_WRITE_KEYS"] == "1" {
      try (text[..<body] + table + text[end...]).write(
        to: path, atomically: true, encoding: .utf8)
    } else {
      #expect(String(text[body..<end]) == table)
    }
  }

  private var table: String {
    let rows = RecipeSchema.keys.map { key in
      let presence =
        switch key.presence {
        case .required: "needed"
        case .fallback(let text): "`\(text)`"
        case .optional(let text): text
        }
      let cells = ["`\(key.path)`", key.type.expectation, presence, key.effect]
      return "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |\n"
    }
    return "| key | takes | without it | does |\n| --- | --- | --- | --- |\n" + rows.joined()
  }
}
