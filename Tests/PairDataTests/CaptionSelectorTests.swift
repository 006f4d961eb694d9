import Testing

@testable import PairData
@testable import StrictJSON

@Suite struct CaptionSelectorTests {
  private func captions(_ selector: String?, text: String? = nil, json: String? = nil) throws
    -> [String]
  {
    let selector = try selector.map { try CaptionSelector($0) } ?? .automatic
    return try selector.captions(
      text: text.map { Array($0.utf8) }, json: json.map { Array($0.utf8) })
  }

  @Test func `selectors read as they are written`() throws {
    #expect(try CaptionSelector("txt") == .text)
    #expect(try CaptionSelector("zh") == .field(name: "zh", firstOnly: false))
    #expect(try CaptionSelector("zh:first") == .field(name: "zh", firstOnly: true))
    for text in ["txt", "zh", "zh:first"] {
      #expect(try CaptionSelector(text).description == text)
    }
  }

  @Test(arguments: ["", ":", ":first", "zh:last", "zh:", "zh:first:first", "z h", "txt:first"])
  func `other selectors are refused`(text: String) {
    #expect(throws: PairDataError.invalidCaptionSelector(text)) { try CaptionSelector(text) }
  }

  @Test func `text members have a caption a line`() throws {
    #expect(try captions("txt", text: "一只猫\n") == ["一只猫"])
    #expect(try captions("txt", text: "\u{FEFF}a\r\n\r\n \u{3000}b c \r\n") == ["a", "b c"])
  }

  @Test func `JSON fields are a text or a list of texts`() throws {
    let json = #"{"zh": ["名", "词"], "en": " name ", "id": 5, "mixed": ["a", 1]}"#
    #expect(try captions("zh", json: json) == ["名", "词"])
    #expect(try captions("zh:first", json: json) == ["名"])
    #expect(try captions("en", json: json) == ["name"])
    #expect(throws: DamagedPair.Reason.missingField("fr", found: ["zh", "en"])) {
      try captions("fr", json: json)
    }
    #expect(throws: DamagedPair.Reason.fieldNotText("id")) { try captions("id", json: json) }
    #expect(throws: DamagedPair.Reason.fieldNotText("mixed")) { try captions("mixed", json: json) }
  }

  @Test func `a selector that fits another member names what is there`() throws {
    #expect(throws: DamagedPair.Reason.missingField("zh", found: ["txt"])) {
      try captions("zh", text: "a")
    }
    #expect(throws: DamagedPair.Reason.missingField("txt", found: ["zh"])) {
      try captions("txt", json: #"{"zh": "a", "id": 5}"#)
    }
    #expect(throws: DamagedPair.Reason.missingField("captions", found: ["zh"])) {
      try captions(nil, json: #"{"zh": "a"}"#)
    }
  }

  @Test func `without a selector the text member comes first, then captions`() throws {
    let json = #"{"captions": ["b"]}"#
    #expect(try captions(nil, text: "a", json: json) == ["a"])
    #expect(try captions(nil, json: json) == ["b"])
    #expect(throws: DamagedPair.Reason.missingCaption) { try captions(nil) }
  }

  @Test func `blank captions are damage unless another one is left`() throws {
    #expect(throws: DamagedPair.Reason.emptyCaption) { try captions("txt", text: "") }
    #expect(throws: DamagedPair.Reason.emptyCaption) { try captions("txt", text: " \n\u{3000}\n") }
    #expect(throws: DamagedPair.Reason.emptyCaption) { try captions("zh", json: #"{"zh": []}"#) }
    #expect(throws: DamagedPair.Reason.emptyCaption) {
      try captions("zh:first", json: #"{"zh": ["", "b"]}"#)
    }
    #expect(try captions("zh", json: #"{"zh": ["", "b"]}"#) == ["b"])
  }

  @Test func `captions that are not UTF-8 or not JSON are damage`() {
    #expect(throws: DamagedPair.Reason.captionNotUTF8) {
      try CaptionSelector.text.captions(text: [0xC4, 0xE3, 0xBA, 0xC3], json: nil)
    }
    #expect(throws: DamagedPair.Reason.malformedJSON(.init(kind: .unexpectedEnd, offset: 1))) {
      try captions("zh", json: "{")
    }
  }
}
