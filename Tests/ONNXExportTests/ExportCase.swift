import Autodiff
import ONNXExport
import TestSupport

/// Model code to export, and the runs it is judged by: the reference device says what is right.
struct ExportCase: Sendable {
  struct Run: Sendable {
    let sizes: AxisSizes
    var ids: [String: [Int32]] = [:]
    /// 1 for each row of the result that counts; `nil` for all.
    var countedRows: [Int]? = nil
  }

  let name: String
  /// The largest difference of an element, for values near 1 in Float32.
  var tolerance = 2e-6
  let runs: [Run]
  let build: @Sendable (Graph) -> Tensor

  struct Captured {
    let graph: Graph
    let result: Tensor

    var parameters: [Parameter] {
      graph.nodes.compactMap { ($0.operation as? ParameterRead)?.parameter }
    }

    var inputs: [Input] { graph.nodes.compactMap { $0.operation as? Input } }

    func model(_ operatorSet: ONNXOperatorSet = .v17) throws -> ONNXModel {
      try ONNXModel(
        graph: graph, name: "case", outputs: [("result", result)], operatorSet: operatorSet)
    }
  }

  func captured() -> Captured {
    let graph = Graph()
    return Captured(graph: graph, result: build(graph))
  }

  static func values(of path: String, count: Int) -> [Float] {
    var generator = SeededGenerator(seed: 11, label: path)
    let values = generator.floats(count)
    // A variance is not negative, and twenty convolutions after each other must not overflow.
    if path.hasSuffix("running_variance") { return values.map { $0 * $0 + 0.1 } }
    let isFilter = ["image/stem/", "image/layers/"].contains { path.hasPrefix($0) }
    return isFilter ? values.map { 0.2 * $0 } : values
  }

  /// The result of each run on the reference device, beside the float inputs it was given.
  func evaluated() throws -> [(inputs: [String: [Float]], result: [Double])] {
    let captured = captured()
    let device = ReferenceDevice()
    let layout = ParameterLayout(trained: [], locked: captured.parameters)
    let parameters = device.makeParameters(layout)
    for parameter in captured.parameters {
      parameters.setValues(
        Self.values(of: parameter.path, count: parameter.elementCount), of: parameter.path)
    }
    return try runs.map { run in
      let plan = Plan(
        captured.graph, outputs: [("result", captured.result)], capacities: run.sizes)
      let program = try device.compile(plan, parameters: parameters)
      var floats: [String: [Float]] = [:]
      for input in captured.inputs where plan.inputs.contains(where: { $0.name == input.label }) {
        if let ids = run.ids[input.label] {
          program.set(input.label, to: ids)
        } else {
          let count = input.shape.elementCount(run.sizes)
          let values = Self.values(of: "\(input.label) \(count)", count: count)
          floats[input.label] = values
          program.set(input.label, to: values)
        }
      }
      program.run(stage: 0, sizes: run.sizes, randomKey: 0)
      return (floats, program.doubles(of: "result"))
    }
  }
}
