import Testing

@testable import Training

@Suite struct ParameterRulesTests {
  @Test(arguments: [
    ("image/**", "image/blocks/3/mlp/weight", true), ("image/**", "image", true),
    ("image/**", "images/a", false), ("**", "logit_scale", true),
    ("**/weight", "a/b/weight", true), ("**/weight", "weight", true),
    ("text/blocks/*/mlp", "text/blocks/12/mlp", true),
    ("text/blocks/*/mlp", "text/blocks/1/2/mlp", false), ("a/*", "a", false),
    ("**/norm*/scale", "a/norm_1/scale", true), ("*_norm", "attention_norm", true),
    ("*_norm", "attention_normal", false), ("a/**/b/**/c", "a/x/b/b/y/c", true),
  ])
  func `a star is one component and two are any`(
    _ pattern: String, _ path: String, _ fits: Bool
  ) throws {
    #expect(try #require(ParameterPattern(pattern)).matches(path) == fits)
  }

  @Test func `matching takes no more than the product of the lengths`() throws {
    let stars = Array(repeating: "**", count: 30).joined(separator: "/") + "/z"
    let path = Array(repeating: "a", count: 2000).joined(separator: "/")
    #expect(try #require(ParameterPattern(stars)).matches(path) == false)
    let name = String(repeating: "*a", count: 200) + "b"
    #expect(
      try #require(ParameterPattern(name)).matches(String(repeating: "a", count: 2000)) == false)
  }

  @Test(arguments: ["", "/a", "a/", "a//b", "a b", "a***", "a/**b", "é"])
  func `what is no path is no pattern`(_ text: String) {
    #expect(ParameterPattern(text) == nil)
  }

  private func rules(_ texts: String...) throws -> ParameterRules {
    ParameterRules(rules: try texts.map { try #require(ParameterRule($0)) })
  }

  @Test func `the first rule that matches decides`() throws {
    let rules = try rules(
      "image/**: locked", "text/embeddings/**: trained, decay 0, rate 0.5", "**: trained")
    let found = try rules.resolve(paths: ["text/embeddings/words", "image/a", "logit_scale"])
    #expect(found[0] == ParameterTreatment(isTrained: true, rate: 0.5, decay: 0))
    #expect(found[1] == ParameterTreatment(isTrained: false, rate: 0, decay: nil))
    #expect(found[2] == ParameterTreatment(isTrained: true, rate: 1, decay: nil))
  }

  @Test func `a parameter without rule and a rule without parameter are errors`() throws {
    #expect(throws: RecipeError.uncoveredParameter(path: "text/a")) {
      try rules("image/**: locked").resolve(paths: ["image/a", "text/a"])
    }
    #expect(throws: RecipeError.ruleWithoutEffect(rule: "image/a: trained")) {
      try rules("image/**: locked", "image/a: trained").resolve(paths: ["image/a"])
    }
  }

  @Test(arguments: [
    "a", "a:", "a: frozen", "a: locked, rate 1", "a: trained,", "a: trained, rate",
    "a: trained, x 1",
    "a: trained, rate -1", "a: trained, rate 1, rate 2", "a: trained, decay 1001", ": locked",
  ])
  func `other texts are no rules`(_ text: String) {
    #expect(ParameterRule(text) == nil)
  }

  @Test(arguments: [
    "a/**: locked", "a: trained", "a: trained, decay 0, rate 0.5", "a: trained, rate 0",
  ])
  func `a rule reads back from its text`(_ text: String) {
    #expect(ParameterRule(text)?.description == text)
  }
}
