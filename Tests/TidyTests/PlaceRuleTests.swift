import Testing

@Suite struct PlaceRuleTests {
  @Test(arguments: PlaceRules.outsidePlaces)
  func `a place outside the repository is found in code, strings and prose`(_ place: String) {
    for name in ["Sources/Models/A.swift", "docs/a.md", "Makefile", "Tests/Fixtures/make.py"] {
      let file = SourceFile(path: name, text: "\n# see \"\(place)x\"\n")
      #expect(PlaceRules.outsidePaths(file).map(\.line) == [2])
    }
  }

  @Test func `places inside are not`() {
    let text = "path network/a, a call of .lib" + "rary(name: \"a\"), homework/, a farm\n"
    #expect(PlaceRules.outsidePaths(SourceFile(path: "README.md", text: text)).isEmpty)
  }
}
