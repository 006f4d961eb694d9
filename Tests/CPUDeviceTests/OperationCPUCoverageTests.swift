import Autodiff
import TestSupport
import Testing

@testable import CPUDevice

/// The CPU's part of OperationCoverageTests: the catalog there is shown to hold every operation.
@Suite struct OperationCPUCoverageTests {
  @Test func `every operation of the catalog has a face on the CPU`() {
    let operations = OperationCase.catalog.flatMap { $0.captured().operations }
    #expect(operations.count > 1_000)
    for operation in operations where !(operation is Input) && !(operation is ParameterRead) {
      #expect(operation is any CPUExecutable, "\(operation.name) has no face on the CPU.")
    }
  }

  @Test func `the distance of 3,000 rows asks for room for their cosines`() {
    let device = CPUDevice(threadCount: 1)
    var values = [Float](repeating: 1, count: 3_000 * 2)
    values.withUnsafeMutableBytes { bytes in
      let rows = CPUBuffer(
        base: bytes.baseAddress!, extents: Extents([3_000, 2], [:]))
      let context = CPUContext(
        threads: device.threads, products: .float32, scratch: rows.floats, randomKey: 0)
      let operation: any CPUExecutable = CosineDistance()
      #expect(operation.scratchCount(for: [rows, rows], results: [nil], in: context) == 3_000)
    }
  }

  @Test func `operations without a face are named in one error`() {
    let graph = Graph()
    let x = graph.apply(Unknown(), to: [graph.input("x", [2])])[0]
    let y = graph.apply(Unheard(), to: [x.gelu])[0]
    let plan = Plan(graph, outputs: [("y", y)], capacities: [:])
    let device = CPUDevice(threadCount: 1)
    let parameters = device.makeParameters(ParameterLayout(trained: [], locked: []))
    let error = DeviceError.unsupportedOperations(
      device: "The CPU device", names: ["Unheard", "Unknown"])
    #expect(throws: error) { try device.compile(plan, parameters: parameters) }
    #expect(error.description.contains("cannot run Unheard, Unknown."))
  }
}

private struct Unknown: GradientOperation {
  func resultShapes(of inputs: [Shape]) -> [Shape] { inputs }
}

private struct Unheard: GradientOperation {
  func resultShapes(of inputs: [Shape]) -> [Shape] { inputs }
}
