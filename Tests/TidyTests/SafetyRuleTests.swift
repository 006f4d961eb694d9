import Testing

@Suite struct SafetyRuleTests {
  private let exception = SafetyRules.Exception(
    path: "Sources/CPUDevice/Arena.swift", sign: "unowned", reason: "The graph outlives it.")

  @Test(arguments: [
    "final class C: @unchecked Sendable {}", "nonisolated(unsafe) var x = 1",
    "unowned let g: Graph",
    "unowned(unsafe) let g: Graph",
  ])
  func `switched-off checks are found`(_ line: String) {
    let file = SourceFile(path: "Sources/Models/Sample.swift", text: "\n\(line)\n")
    #expect(SafetyRules.uncheckedPlaces(file, allowing: [exception]).map(\.line) == [2])
  }

  @Test func `an exception covers its own file and sign alone`() {
    let text = "unowned let g: Graph\nnonisolated(unsafe) var x = 1\n"
    let file = SourceFile(path: exception.path, text: text)
    #expect(SafetyRules.uncheckedPlaces(file, allowing: [exception]).map(\.line) == [2])
    #expect(SafetyRules.uncheckedPlaces(file, allowing: []).map(\.line) == [1, 2])
  }

  @Test func `names and comments that contain a sign are not meant`() {
    let file = SourceFile(
      path: "Sources/Models/A.swift", text: "// unowned\nlet unownedCount = 1\n")
    #expect(SafetyRules.uncheckedPlaces(file, allowing: []).isEmpty)
  }

  @Test func `an exception that nothing needs is found`() {
    let file = SourceFile(path: exception.path, text: "// unowned no more\n")
    #expect(SafetyRules.staleExceptions([exception], in: [file]).map(\.path) == [exception.path])
    let needing = SourceFile(path: exception.path, text: "unowned let g: Graph\n")
    #expect(SafetyRules.staleExceptions([exception], in: [needing]).isEmpty)
  }

  @Test func `every exception gives a reason`() {
    #expect(SafetyRules.exceptions.allSatisfy { $0.reason.hasSuffix(".") && $0.reason.count > 20 })
  }
}
