import Autodiff
import TestSupport
import Testing

/// Every operation has all its faces, and a missing one is noticed.
@Suite struct OperationCoverageTests {
  @Test func `every operation has a case, a gradient check and all faces`() throws {
    let coverage = try OperationCoverage.current()
    #expect(coverage.gaps() == [])
    TestReport.show(
      "operations with all faces: " + coverage.declared.map(\.name).joined(separator: ", "))
  }

  @Test func `the sources are found`() throws {
    let coverage = try OperationCoverage.current()
    let names = coverage.declared.map(\.name)
    #expect(names.count > 30 && names.contains("Attention") && names.contains("BiasGradient"))
    #expect(Set(names).count == names.count)
    #expect(coverage.captured.count > 1_000)
  }

  @Test func `operations are found however they are declared`() {
    let text = """
      public struct Plain: Operation {}
      struct Second: Sendable,
        Operation
      {}
      final class Third: GradientOperation {}
      extension Fourth: Hashable, Operation {}
      protocol Face: Operation {}
      extension Fifth: CPUExecutable {}
      struct Sixth: Sendable { var operation: any Operation }
      """
    let names = OperationCoverage.declarations(in: text).map(\.name)
    #expect(names == ["Plain", "Second", "Third", "Fourth"])
  }

  /// One operation with all faces.
  private var complete: OperationCoverage {
    OperationCoverage(
      declared: [.init(name: "Complete", isGradient: false)], captured: [Complete()],
      checked: ["Complete"], cpuFaces: "extension Complete: CPUExecutable {",
      onnxFaces: "extension Complete: ONNXLowerable {", withoutONNX: [:])
  }

  private func gaps(_ change: (inout OperationCoverage) -> Void) -> [String] {
    var coverage = complete
    change(&coverage)
    return coverage.gaps()
  }

  @Test func `an operation without a face is a gap, whichever face it is`() {
    #expect(complete.gaps() == [])
    #expect(
      gaps { $0.captured = [Faceless()] }.contains(
        "Complete is in no case of "
          + "OperationCase.catalog."))
    #expect(gaps { $0.checked = [] } == ["Complete is in no gradient check."])
    #expect(gaps { $0.cpuFaces = "" } == ["Complete has no face on the CPU."])
    #expect(
      gaps { $0.onnxFaces = "" } == ["Complete has no ONNX face, nor a reason for none."])
    let faceless = gaps {
      $0.declared = [.init(name: "Faceless", isGradient: true)]
      $0.captured = [Faceless()]
      $0.cpuFaces = "extension Faceless: CPUExecutable {"
    }
    #expect(faceless == ["Faceless has no reference face."])
  }

  @Test func `reasons stand for operations that exist and have no face`() {
    #expect(gaps { $0.withoutONNX = ["Gone": "is old"] }.count == 1)
    #expect(gaps { $0.withoutONNX = ["Complete": "is shy"] }.count == 1)
    let excused = gaps {
      $0.onnxFaces = ""
      $0.withoutONNX = ["Complete": "is a loss"]
    }
    #expect(excused == [])
  }

  @Test func `an operation of a case that no source declares is a gap`() {
    let gaps = gaps { $0.captured.append(Faceless()) }
    #expect(gaps == ["Faceless is in a case and not among the declarations that were found."])
  }
}

private struct Complete: GradientOperation, ReferenceExecutable {
  func resultShapes(of inputs: [Shape]) -> [Shape] { inputs }
  func evaluate(_ inputs: [ReferenceArray], in context: ReferenceContext) -> [ReferenceArray] {
    inputs
  }
}

private struct Faceless: GradientOperation {
  func resultShapes(of inputs: [Shape]) -> [Shape] { inputs }
}
