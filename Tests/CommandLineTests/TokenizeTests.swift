import FileTestSupport
import Testing

@Suite struct TokenizeTests {
  let folder: TemporaryFolder
  let checkpoint: String

  init() throws {
    folder = try TemporaryFolder()
    checkpoint = try TinyCheckpoint.write(to: folder)
  }

  @Test func `each text is a line of JSON`() throws {
    let texts = try folder.write("皮卡丘\n\n“[SEP]”\n", to: "texts.txt")
    let outcome = try DuiqiProcess.run("tokenize", checkpoint, "--texts", texts)
    #expect(outcome.code == 0 && outcome.errors == "")
    #expect(
      outcome.lines[0]
        == #"{"text": "皮卡丘", "ids": [101, 4649, 1305, 687, 102], "#
        + #""tokens": ["[CLS]", "皮", "卡", "丘", "[SEP]"], "truncated": false}"#)
    let rows = try outcome.lines.map { try JSONObject($0) }
    #expect(rows.map { $0.text("text") } == ["皮卡丘", "", "“[SEP]”"])
    #expect(rows[1].integers("ids") == [101, 102])
    // Special tokens in a text are words, curly quotes are straight.
    let tokens = rows[2].members["tokens"] as? [String]
    #expect(tokens == ["[CLS]", "\"", "[", "sep", "]", "\"", "[SEP]"])
  }

  @Test func `long texts are cut to the context and say so`() throws {
    let texts = try folder.write(
      String(repeating: "长", count: 14) + "\n" + String(repeating: "长", count: 15) + "\n",
      to: "texts.txt")
    let outcome = try DuiqiProcess.run("tokenize", checkpoint, "--texts", texts)
    let rows = try outcome.lines.map { try JSONObject($0) }
    #expect(rows.map { $0.integers("ids")?.count } == [16, 16])
    #expect(rows.map { $0.number("truncated") } == [0, 1])
    #expect(rows[1].integers("ids")?.last == 102)
    #expect(outcome.errors == "1 of 2 texts cut\n")
    let quiet = try DuiqiProcess.run("tokenize", checkpoint, "--texts", texts, "-q")
    #expect(quiet.output == outcome.output && quiet.errors == "")
  }

  @Test func `a line without an end is a text, and standard input a file`() throws {
    let texts = try folder.write("一\n二", to: "texts.txt")
    let outcome = try DuiqiProcess.run("tokenize", checkpoint, "--texts", "-", input: texts)
    #expect(try outcome.lines.map { try JSONObject($0).text("text") } == ["一", "二"])
  }

  @Test func `a text file that is not there fails`() throws {
    let outcome = try DuiqiProcess.run("tokenize", checkpoint, "--texts", "none.txt", in: folder)
    expectFailure(outcome, code: 1, naming: "none.txt")
  }
}
