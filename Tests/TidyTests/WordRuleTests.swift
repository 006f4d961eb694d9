import Testing

@Suite struct WordRuleTests {
  private func swift(
    _ text: String, path: String = "Sources/Models/Sample.swift"
  ) -> SourceFile {
    SourceFile(path: path, text: text)
  }

  @Test(arguments: [
    "// TODO: later", "/* FIXME */", "let x = 1  // XXX", "/// TODO", "func TODO() {}",
  ])
  func `marks of unfinished work are found`(_ line: String) {
    #expect(WordRules.leftoverMarks(swift("let a = 1\n\(line)\n")).map(\.line) == [2])
  }

  @Test(arguments: ["let s = \"TODO\"", "let autoTODOs = 1", "func `no TODO is left`() {}"])
  func `the same words in strings and names are not`(_ line: String) {
    #expect(WordRules.leftoverMarks(swift(line)).isEmpty)
  }

  @Test(arguments: ["print(x)", "  debugPrint(x)", "if a { print(\"b\") }", "\"\\(print(1))\""])
  func `printing is found outside the command line`(_ line: String) {
    #expect(WordRules.prints(swift("\n\(line)")).map(\.line) == [2])
    #expect(WordRules.prints(swift(line, path: "Sources/duiqi/Train.swift")).isEmpty)
  }

  @Test(arguments: [
    "report.print(x)", "footprint(x)", "// print(x)", "func dump() {}", "\"print(x)\"",
  ])
  func `what only looks like printing is not`(_ line: String) {
    #expect(WordRules.prints(swift(line)).isEmpty)
  }

  @Test func `silent traps are found and reasoned ones are not`() {
    let text = "let a = try! f()\nfatalError()\nfatalError( )\nfatalError(\"a reason\")\n// try!\n"
    #expect(WordRules.silentTraps(swift(text)).map(\.line) == [1, 2, 3])
  }

  @Test(arguments: [
    "struct ShardManager {", "enum TensorUtils {", "final class ImageHelper {",
    "actor LossHandler {",
    "protocol TowerCommon {", "typealias PairMisc = Int", "public class BaseTower {",
  ])
  func `names without a concept are found`(_ line: String) {
    #expect(WordRules.emptyNames(swift(line)).map(\.line) == [1])
  }

  @Test func `names with a concept are not, and a file's name counts too`() {
    #expect(WordRules.emptyNames(swift("struct Base64 {}\nenum Baseline {}\nclass f {}")).isEmpty)
    let path = "Sources/Models/ImageUtils.swift"
    #expect(WordRules.emptyNames(swift("struct Image {}", path: path)).map(\.line) == [1])
  }

  @Test(arguments: [
    "// let x = f(y)", "  // return x * (y + 1)", "// guard let a = b else {", "// f(x);", "// }",
    "// import Glibc", "// loss.backward()",
  ])
  func `commented-out code is found`(_ line: String) {
    #expect(WordRules.commentedOutCode(swift("\n\(line)")).map(\.line) == [2])
  }

  @Test(arguments: [
    "// Let the caller decide; it knows.", "// MARK: Reading", "///     let x = f(y)",
    "f(x)  // x;",
    "// return values are checked by the caller.", "// [batch, heads]",
    "// import order matters here.",
  ])
  func `comments in sentences are not`(_ line: String) {
    #expect(WordRules.commentedOutCode(swift(line)).isEmpty)
  }
}
