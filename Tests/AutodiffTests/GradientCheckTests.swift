import Autodiff
import TestSupport
import Testing

@Suite struct GradientCheckTests {
  @Test(arguments: OperationCase.catalog.indices)
  func `every gradient agrees with central differences`(index: Int) throws {
    let check = try GradientCheck(OperationCase.catalog[index])
    for complaint in check.complaints() { Issue.record("\(complaint)") }
  }

  @Test func `cases have names of their own`() {
    let names = OperationCase.catalog.map(\.name)
    #expect(Set(names).count == names.count)
  }

  @Test func `a wrong gradient is found, with its element and both numbers`() throws {
    let wrong = OperationCase("Wrong") { capture in
      capture.graph.apply(DoubledGradient(), to: [capture.floats("x", [2, 3])])[0]
    }
    let complaints = try GradientCheck(wrong).complaints()
    #expect(complaints.count == 1)
    #expect(complaints[0].hasPrefix("Wrong: the gradient of x[0] is "))
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
