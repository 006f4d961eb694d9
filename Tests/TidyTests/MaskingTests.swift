import Testing

@Suite struct MaskingTests {
  private func code(_ text: String, isSwift: Bool = true) -> String {
    var masking = Masking(Array(text.utf8), isSwift: isSwift)
    masking.run()
    return String(decoding: masking.code, as: UTF8.self)
  }

  @Test(arguments: [
    ("a \"b\" c", "a \" \" c"),
    ("a \"\\\"b\" c", "a \"   \" c"),
    ("a \"\\(b)\" c", "a \"  b \" c"),
    ("a \"\\(b(\"x\"))\" c", "a \"  b(\" \") \" c"),
    ("a #\"b\"b\"# c", "a #\"   \"# c"),
    ("a #\"\"\"# c", "a #\" \"# c"),
    ("a /* b */ c", "a         c"),
    ("a /* /* b */ */ c", "a               c"),
    ("a `b {` c", "a `   ` c"),
    ("\"\"\"\nb \"x\" {\n\"\"\" c", "\"\"\"\n       \n\"\"\" c"),
  ])
  func `comments and the contents of strings go, everything else stays in place`(
    _ text: String, _ expected: String
  ) {
    #expect(code(text) == expected)
  }

  @Test func `characters of C are quoted, and its comments do not nest`() {
    #expect(code("a '\"' b", isSwift: false) == "a ' ' b")
    #expect(code("a '\\'' b", isSwift: false) == "a '  ' b")
    #expect(code("/* /* a */ b", isSwift: false) == "           b")
  }

  @Test(arguments: ["\"", "\"\\", "\"\\(", "/*", "//", "`", "#", "\"\"\"\n", ")", "}}", "#\"\\#("])
  func `a text that ends in the middle is read to its end`(_ text: String) {
    #expect(code(text).utf8.count == text.utf8.count)
  }
}
