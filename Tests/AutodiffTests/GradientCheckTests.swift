import Autodiff
import TestSupport
import Testing

@Suite struct GradientCheckTests {
  /// The catalog's cases by the first word of their names: the operation they are about.
  static let operations: [String] = OperationCase.catalog.map(operation).reduce(into: []) {
    if !$0.contains($1) { $0.append($1) }
  }

  private static func operation(of source: OperationCase) -> String {
    String(source.name.prefix { $0 != " " })
  }

  @Test(arguments: operations)
  func `every gradient agrees with central differences`(operation: String) throws {
    var worst = (error: 0.0, name: "")
    let cases = OperationCase.catalog.filter { Self.operation(of: $0) == operation }
    for source in cases {
      let findings = try GradientCheck(source).findings()
      for complaint in findings.complaints { Issue.record("\(complaint)") }
      if findings.worstError >= worst.error { worst = (findings.worstError, source.name) }
    }
    #expect(worst.error < 1e-6)
    TestReport.show(
      "gradient check of \(operation), \(cases.count) cases: worst relative error "
        + "\(worst.error) (\(worst.name))")
  }

  @Test func `cases have names of their own`() {
    let names = OperationCase.catalog.map(\.name)
    #expect(Set(names).count == names.count)
  }

  @Test func `a wrong gradient is found, with its element and both numbers`() throws {
    let wrong = OperationCase("Wrong") { capture in
      capture.graph.apply(DoubledGradient(), to: [capture.floats("x", [2, 3])])[0]
    }
    let findings = try GradientCheck(wrong).findings()
    #expect(findings.complaints.count == 1)
    #expect(findings.complaints[0].hasPrefix("Wrong: the gradient of x[0] is "))
    #expect(abs(findings.worstError - 0.5) < 1e-9)
  }
}

/// Claims that the identity's gradient is 2.
private struct DoubledGradient: Operation, ReferenceExecutable {
  func resultShapes(of inputs: [Shape]) -> [Shape] { [inputs[0]] }

  func gradients(upstream: [Tensor?], inputs: [Tensor], results: [Tensor]) -> [Tensor?] {
    [upstream[0].map { $0 + $0 }]
  }

  func evaluate(_ inputs: [ReferenceArray], in context: ReferenceContext) -> [ReferenceArray] {
    inputs
  }
}
