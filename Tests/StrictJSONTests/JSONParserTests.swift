import Testing

@testable import StrictJSON

@Suite struct JSONParserTests {
  private func parse(_ text: String) throws -> JSONValue {
    try JSONParser.parse(Array(text.utf8))
  }

  @Test func `values of every kind are read in order`() throws {
    let value = try parse(#" {"b": [1, -2.5e+3, true, false, null], "a": "\u732b\ud83d\ude00\n"} "#)
    #expect(
      value
        == .object([
          .init(
            name: "b",
            value: .array([
              .number("1"), .number("-2.5e+3"), .boolean(true), .boolean(false), .null,
            ])),
          .init(name: "a", value: .text("猫😀\n")),
        ]))
    #expect(try parse("9007199254740993").integer == 9_007_199_254_740_993)
    #expect(try parse("\u{FEFF}[]") == .array([]))
  }

  @Test(arguments: [
    "", " ", "{", "[", "[1,]", "{\"a\":1,}", "{\"a\" 1}", "{a:1}", "01", "-", "1.", ".5", "1e",
    "+1", "nul", "truex", "\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\t\"", "[1 2]", "1 2",
    "NaN", "'a'", "[1]]", "\"\\ud83d\"", "\"\\ude00\"", "\"\\ud83d\\u0041\"", "//", "{\"a\":}",
  ])
  func `what is not JSON is refused`(text: String) {
    #expect(throws: JSONFault.self) { try parse(text) }
  }

  @Test func `every cut of a text is refused`() throws {
    let text = Array(#"{"zh": ["按键: 5", "\u6309"], "n": {"x": -1.5e3}}"#.utf8)
    for length in 0..<text.count {
      #expect(throws: JSONFault.self) { try JSONParser.parse(Array(text[..<length])) }
    }
    #expect(throws: Never.self) { try JSONParser.parse(text) }
  }

  @Test func `faults name their place`() {
    let cases: [(text: [UInt8], fault: JSONFault)] = [
      (Array(#"{"a":1,"a":2}"#.utf8), JSONFault(kind: .repeatedName("a"), offset: 7)),
      ([0x22, 0xC3, 0x28, 0x22], JSONFault(kind: .notUTF8, offset: 0)),
      (Array(#"["\ud83d"]"#.utf8), JSONFault(kind: .loneSurrogate, offset: 2)),
    ]
    for (text, fault) in cases {
      #expect(throws: fault) { try JSONParser.parse(text) }
    }
  }

  @Test func `depth and size have limits`() throws {
    let nested = { (depth: Int) in
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    #expect(throws: Never.self) { try parse(nested(64)) }
    #expect(throws: JSONFault(kind: .tooDeep(limit: 64), offset: 64)) { try parse(nested(65)) }
    #expect(throws: JSONFault.self) { try parse(String(repeating: "[", count: 1_000_000)) }
    #expect(throws: JSONFault(kind: .tooLarge(bytes: 3, limit: 2), offset: 0)) {
      try JSONParser.parse(Array("123".utf8), byteLimit: 2)
    }
  }

  @Test func `what is serialized reads back`() throws {
    let value = JSONValue.object([
      .init(name: "quote\"", value: .text("a\\\n\u{1}猫")), .init(name: "n", value: .number("-1")),
      .init(name: "list", value: .array([.null, .boolean(false)])),
    ])
    #expect(try parse(value.serialized) == value)
  }
}
