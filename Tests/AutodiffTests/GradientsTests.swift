import Autodiff
import TestSupport
import Testing

@Suite struct GradientsTests {
  private func weight(_ path: String) -> Parameter {
    Parameter(path: path, sizes: [3, 3], initializer: .zeros)
  }

  @Test func `a locked tower receives no gradient`() {
    let graph = Graph()
    var x = graph.input("pixels", [2, 3])
    for path in ["image/0", "image/1"] { x = x.affineMap(weight: graph[weight(path)]).gelu }
    let y = x.affineMap(weight: graph[weight("head")])
    let start = graph.nodes.count
    let gradients = graph.gradients(of: y, withRespectTo: [graph[weight("head")]])
    #expect(gradients[0]?.shape == [3, 3])
    let names = graph.nodes[start...].map(\.operation.name)
    #expect(!names.contains("GELUGradient"), "Nothing goes back into the tower: \(names)")
  }

  @Test func `what the output does not depend on has no gradient`() {
    let graph = Graph()
    let x = graph.input("x", [2, 3])
    let other = graph.input("other", [2, 3])
    #expect(
      graph.gradients(of: x.gelu, withRespectTo: [x, other]).map { $0 == nil } == [false, true])
  }

  @Test func `a parameter is read once however often it is used`() {
    let graph = Graph()
    let first = graph[weight("w")]
    let second = graph.segment { graph[weight("w")] }
    #expect(first.id == second.id)
  }

  @Test func `a value with several readers sums what they send back`() throws {
    let fork = OperationCase("Fork") { capture in
      let x = capture.floats("x", [2, 3])
      let y = x.gelu
      return y * y + y.exponential * x + y
    }
    #expect(try GradientCheck(fork).findings().complaints == [])
  }

  @Test func `a block of a transformer has right gradients in every layout`() throws {
    for block in OperationCase.blocks {
      #expect(try GradientCheck(block).findings().complaints == [])
    }
  }

  @Test func `the padding entry of a table receives no gradient`() throws {
    let captured = OperationCase("Padding", ids: ["ids": [1, 0, 1, 2]]) {
      $0.parameter("table", [3, 2]).rows(at: $0.ids("ids", [4]), paddingID: 1)
    }.captured()
    let device = ReferenceDevice()
    let parameters = device.makeParameters(captured.parameterLayout)
    let program = try device.compile(captured.plan, parameters: parameters)
    captured.setParameters(parameters)
    for stage in 0...1 {
      captured.setInputs(of: program, stage: stage)
      program.run(stage: stage, sizes: [:], randomKey: 0)
    }
    let gradient = parameters.gradientDoubles(of: "table")
    #expect(gradient.map { $0 == 0 } == [false, false, true, true, false, false])
  }
}
