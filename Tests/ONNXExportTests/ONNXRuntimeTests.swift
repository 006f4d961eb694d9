import Autodiff
import FileTestSupport
import Foundation
import Testing

@testable import ONNXExport

/// Every case through onnx's checker and onnxruntime, against the reference device.
@Suite(.enabled(if: InteroperabilityScript.isAvailable, "needs the interoperability environment"))
struct ONNXRuntimeTests {
  private struct TensorFixture: Encodable {
    var type = "float32"
    let sizes: [Int]
    let values: [Double]
    var rows: [Int]? = nil
  }

  private struct RunFixture: Encodable {
    let inputs: [String: TensorFixture]
    let outputs: [String: TensorFixture]
  }

  private struct CaseFixture: Encodable {
    let model: String
    let tolerance: Double
    let runs: [RunFixture]
  }

  private func sizes(_ value: ONNXValue, _ axisSizes: AxisSizes) -> [Int] {
    value.dimensions.map { dimension in
      switch dimension {
      case .fixed(let size): size
      case .named(let name): axisSizes[Axis(name)]
      }
    }
  }

  private func fixture(_ exported: ExportCase, _ model: ONNXModel) throws -> CaseFixture {
    let runs = zip(exported.runs, try exported.evaluated()).map { run, evaluated in
      var inputs: [String: TensorFixture] = [:]
      for input in model.inputs {
        let sizes = sizes(input, run.sizes)
        inputs[input.name] =
          if let ids = run.ids[input.name] {
            TensorFixture(type: "int64", sizes: sizes, values: ids.map(Double.init))
          } else {
            TensorFixture(
              sizes: sizes, values: evaluated.inputs[input.name, default: []].map(Double.init))
          }
      }
      let output = TensorFixture(
        sizes: sizes(model.outputs[0], run.sizes), values: evaluated.result, rows: run.countedRows)
      return RunFixture(inputs: inputs, outputs: ["result": output])
    }
    return CaseFixture(
      model: "\(exported.name).onnx", tolerance: exported.tolerance, runs: runs)
  }

  @Test(arguments: ONNXOperatorSet.allCases)
  func `onnxruntime computes what the reference device computes`(
    operatorSet: ONNXOperatorSet
  ) throws {
    let folder = try TemporaryFolder()
    var fixtures: [CaseFixture] = []
    for exported in ExportCase.catalog {
      let model = try exported.captured().model(operatorSet)
      let counts = Dictionary(
        uniqueKeysWithValues: exported.captured().parameters.map { ($0.path, $0.elementCount) })
      try model.write(to: "\(folder.path)/\(exported.name).onnx") {
        ExportCase.values(of: $0, count: counts[$0, default: 0])
      }
      fixtures.append(try fixture(exported, model))
    }
    let list = "\(folder.path)/cases.json"
    try JSONEncoder().encode(fixtures).write(to: URL(filePath: list))
    let (isGood, report) = try InteroperabilityScript.run("check_onnx.py", list)
    #expect(isGood, "\(report)")
  }

  @Test func `a model with its weights in a second file computes the same`() throws {
    let folder = try TemporaryFolder()
    let exported = try #require(ExportCase.catalog.last)
    let model = try exported.captured().model()
    let counts = Dictionary(
      uniqueKeysWithValues: exported.captured().parameters.map { ($0.path, $0.elementCount) })
    let paths = try model.write(to: "\(folder.path)/\(exported.name).onnx", messageLimit: 40_000) {
      ExportCase.values(of: $0, count: counts[$0, default: 0])
    }
    #expect(paths.count == 2)
    let list = "\(folder.path)/cases.json"
    try JSONEncoder().encode([try fixture(exported, model)]).write(to: URL(filePath: list))
    let (isGood, report) = try InteroperabilityScript.run("check_onnx.py", list)
    #expect(isGood, "\(report)")
  }

  @Test func `a model of fixed sizes that finds the ends of texts itself computes the same`() throws
  {
    let folder = try TemporaryFolder()
    let encoder = try #require(ExportCase.catalog.first { $0.name == "text encoder" })
    let runs = [1, 2, 9, 16].map { length in
      let mask = (0..<16).map { Int32($0 < length ? 1 : 0) }
      let ids = mask.enumerated().map { Int32($0.offset * 7 + 3) * $0.element }
      return ExportCase.Run(
        sizes: [.batch: 1, .length: 16], ids: ["input_ids": ids, "attention_mask": mask])
    }
    let exported = ExportCase(
      name: "fixed", tolerance: encoder.tolerance, runs: runs, build: encoder.build)
    let captured = exported.captured()
    var model = try ONNXModel(
      graph: captured.graph, name: "fixed", outputs: [("result", captured.result)],
      operatorSet: .v13, axisSizes: [(.batch, 1), (.length, 16)])
    model.computeMask("attention_mask", from: "input_ids", paddingID: 0)
    #expect(model.inputs.map(\.name) == ["input_ids"])
    #expect(model.inputs[0].dimensions == [.fixed(1), .fixed(16)])
    let counts = Dictionary(
      uniqueKeysWithValues: captured.parameters.map { ($0.path, $0.elementCount) })
    try model.write(to: "\(folder.path)/fixed.onnx") {
      ExportCase.values(of: $0, count: counts[$0, default: 0])
    }
    let list = "\(folder.path)/cases.json"
    try JSONEncoder().encode([try fixture(exported, model)]).write(to: URL(filePath: list))
    let (isGood, report) = try InteroperabilityScript.run("check_onnx.py", list)
    #expect(isGood, "\(report)")
  }
}
