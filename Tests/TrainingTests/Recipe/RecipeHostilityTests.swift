import Testing

@testable import Training

@Suite struct RecipeHostilityTests {
  @Test func `an alias bomb is refused before it is expanded`() throws {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    for level in 1...12 {
      let alias = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
      text += "a\(level): &a\(level) [\(alias)]\n"
    }
    // Expanded, it would have 9 to the 13th values.
    let message = try RecipeExamples.error(text).description
    #expect(message.contains("an anchor"))
  }

  /// Where a scan and a parser could disagree about what is quoted, nothing passes.
  @Test(arguments: [
    "a: [b\n 'c, &x 1, *x, ']", "a: [b:'c, &x 1, ']", "a: [?'b, &x 1, ']", "a: [#'\n &x 1]",
    "a: [\"b\"#]\n , c\n 'd, &x 1, ']", "a: {\"b\"#]\n: &x 1}", "'a':&x 1", "a:\n- - &x 1",
    "? &x a\n: b", "--- &x\na: b", "a: 'b'\r  c: &x d", "[a, &x b]", "{a: &x b}", "-\t&x b",
  ])
  func `an anchor cannot hide`(_ text: String) {
    #expect(throws: RecipeError.self) { try YAMLRestrictions.check(text, source: "a") }
  }

  @Test(arguments: [
    "a: it's & that * or ! so", "a: \"& * !\"", "a: '& it''s *'", "a: b # & * 'c", "a#b: c&d",
    "a: \"\\\"& \\\\\"", "{ \"a\":\"b\" }", "a: [b, c]\n# 'd\ne: f", "---\na: b",
    "a:\r\n  b: c\r\n",
    "a: [\n  b, # one\n  \"c\",\n]\n", "a: -1", "a:\n  - b\n  - \"c\"", "a: http://b/c?d",
  ])
  func `plain recipes pass the scan`(_ text: String) throws {
    try YAMLRestrictions.check(text, source: "a")
    _ = try RecipeReader.read(text, source: "a")
  }

  @Test func `size, depth and count have limits`() throws {
    let large = "# " + String(repeating: "x", count: 1 << 20)
    #expect(try RecipeExamples.error(large).description.contains("has 1048578 bytes"))
    let deep = "a: " + String(repeating: "[", count: 100_000)
    #expect(try RecipeExamples.error(deep).description.contains("deeper than 64 levels"))
    let blocks = String(repeating: "- ", count: 900) + "a"
    #expect(try RecipeExamples.error(blocks).description.contains("deeper than 64 levels"))
    let many = "a: [" + String(repeating: "b,", count: 100_000) + "]"
    #expect(try RecipeExamples.error(many).description.contains("more than 20000 values"))
  }

  @Test func `three thousand damaged recipes give a recipe or an error`() throws {
    var random = SplitMix(state: 20_240_607)
    let bytes = Array(RecipeExamples.tuning.utf8)
    let marks = Array("&*!|>'\"[]{},:#-? \n\t%@`\\0e.~<=\u{FF}é对".utf8)
    var recipeCount = 0
    for round in 0..<3000 {
      var damaged = bytes
      for _ in 0...Int.random(in: 0...3, using: &random) {
        let place = Int.random(in: 0..<damaged.count, using: &random)
        switch round % 4 {
        case 0: damaged[place] = UInt8.random(in: 0...255, using: &random)
        case 1: damaged[place] = marks.randomElement(using: &random) ?? 0
        case 2: damaged.insert(marks.randomElement(using: &random) ?? 0, at: place)
        default: damaged.removeSubrange(place..<min(damaged.count, place + 3))
        }
      }
      let text = String(decoding: damaged, as: UTF8.self)
      do {
        let recipe = try RecipeExamples.decode(text)
        recipeCount += 1
        let again = try RecipeExamples.decode(recipe.resolved)
        #expect(again == recipe)
      } catch {
        #expect(!error.description.isEmpty)
      }
    }
    #expect(recipeCount > 100 && recipeCount < 2900)
  }
}

/// A small generator with a seed, so that a failure comes again. Steele et al. 2014.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}
