import Autodiff
import CPUDevice
import TestSupport
import Testing

/// A plan may want any subset of an operation's results.
@Suite struct OperationResultTests {
  @Test func `statistics of a norm are computed where nobody reads its value`() throws {
    try compareEachResult(of: LayerNormalizationCase.self)
    try compareEachResult(of: L2NormalizationCase.self)
    try compareEachResult(of: BatchNormalizationCase.self)
  }

  @Test func `log-sum-exps of attention are computed where nobody reads its value`() throws {
    try compareEachResult(of: AttentionCase.self)
  }

  @Test func `log-sum-exps of the loss are computed where nobody reads the loss`() throws {
    try compareEachResult(of: LossCase.self)
  }

  @Test func `each gradient of attention can be had alone`() throws {
    for wanted in ["queries", "keys", "values"] {
      let graph = Graph()
      let shape: Shape = [Extent(.images) * 5, 6]
      let inputs = ["queries", "keys", "values"].map { graph.input($0, shape) }
      let y = inputs[0].attention(
        keys: inputs[1], values: inputs[2], headCount: 2,
        layout: .equal(sequences: .images, length: 5))
      let start = graph.nodes.count
      let target = inputs[["queries", "keys", "values"].firstIndex(of: wanted) ?? 0]
      let gradient = try #require(graph.gradients(of: y, withRespectTo: [target])[0])
      let plan = Plan(
        graph, outputs: [("gradient", gradient)], gradientStart: start, capacities: [.images: 2])
      try compare(plan, sizes: [.images: 2])
    }
  }

  @Test func `each gradient of the loss can be had alone`() throws {
    for wanted in 0..<3 {
      let graph = Graph()
      let inputs = LossCase.inputs(graph)
      let loss = graph.apply(LossCase.operation(inputs), to: inputs)[0]
      let gradient = try #require(graph.gradients(of: loss, withRespectTo: [inputs[wanted]])[0])
      let plan = Plan(graph, outputs: [("gradient", gradient)], capacities: [.pairs: 4])
      try compare(plan, sizes: [.pairs: 4])
    }
  }

  @Test func `a recomputed norm whose value is kept has right gradients`() throws {
    // What leaves the segment is the norm's value; its statistics are computed again.
    let captured = OperationCase("Post-norm", tolerance: .reduction) { capture in
      let x = capture.floats("x", [5, 7])
      let y = capture.graph.segment {
        (x + x.gelu).layerNormalized(
          scale: capture.parameter("scale", [7]), shift: capture.parameter("shift", [7]),
          epsilon: 1e-5)
      }
      return capture.graph.segment { (y * y).l2Normalized }.gelu
    }
    let kept = try cpuResults(of: captured.captured(), threadCount: 1)
    let again = try cpuResults(of: captured.captured(recomputation: .segments), threadCount: 1)
    for (label, values) in kept { #expect(sameBits(again[label], values), "\(label)") }
  }

  @Test func `an upstream gradient that is a parameter's gradient is stored`() throws {
    let captured = OperationCase("Sum") { $0.parameter("p", [2, 3]) + $0.floats("x", [2, 3]) }
      .captured()
    let results = try cpuResults(of: captured, threadCount: 1)
    #expect(results["stored p"] == captured.values(of: CapturedCase.weights, count: 6))
  }

  @Test func `longer sequences in as many tokens find scratch enough`() throws {
    let graph = Graph()
    let layout = TokenLayout.packed(in: graph)
    let x = graph.input("x", [layout.rows, 8])
    let y = x.attention(keys: x, values: x, headCount: 2, layout: layout)
    let sizes: AxisSizes = [.tokens: 600, .sequences: 100]
    let plan = Plan(graph, outputs: [("y", y)], capacities: sizes)
    let device = CPUDevice(threadCount: 2)
    let parameters = device.makeParameters(ParameterLayout(trained: [], locked: []))
    let program = try device.compile(plan, parameters: parameters)
    var generator = SeededGenerator(seed: 1)
    let values = generator.floats(600 * 8)
    var long = [Int32](repeating: 1, count: 100)
    long[0] = 501
    func run(_ program: some ExecutableProgram, _ lengths: [Int32]) -> [Float] {
      program.set("x", to: values)
      program.set("lengths", to: lengths)
      program.set("starts", to: lengths.indices.map { lengths[..<$0].reduce(0, +) })
      program.run(stage: 0, sizes: sizes, randomKey: 0)
      return program.values(of: "y")
    }
    _ = run(program, [Int32](repeating: 6, count: 100))
    let after = run(program, long)
    #expect(after == run(try device.compile(plan, parameters: parameters), long))
  }
}

/// An operation with all its inputs, for runs of one result alone.
private protocol ResultCase {
  static var sizes: AxisSizes { get }
  static func inputs(_ graph: Graph) -> [Tensor]
  static func operation(_ inputs: [Tensor]) -> any Operation
}

private enum LayerNormalizationCase: ResultCase {
  static let sizes: AxisSizes = [:]
  static func inputs(_ graph: Graph) -> [Tensor] {
    [graph.input("x", [5, 7]), graph.input("scale", [7]), graph.input("shift", [7])]
  }
  static func operation(_ inputs: [Tensor]) -> any Operation {
    let y = inputs[0].layerNormalized(scale: inputs[1], shift: inputs[2], epsilon: 1e-5)
    return y.graph.nodes[y.id.node].operation
  }
}

private enum L2NormalizationCase: ResultCase {
  static let sizes: AxisSizes = [:]
  static func inputs(_ graph: Graph) -> [Tensor] { [graph.input("x", [5, 7])] }
  static func operation(_ inputs: [Tensor]) -> any Operation { L2Normalization() }
}

private enum BatchNormalizationCase: ResultCase {
  static let sizes: AxisSizes = [:]
  static func inputs(_ graph: Graph) -> [Tensor] {
    [graph.input("x", [611, 7]), graph.input("scale", [7]), graph.input("shift", [7])]
  }
  static func operation(_ inputs: [Tensor]) -> any Operation {
    let y = inputs[0].batchNormalized(scale: inputs[1], shift: inputs[2], epsilon: 1e-5).rows
    return y.graph.nodes[y.id.node].operation
  }
}

private enum AttentionCase: ResultCase {
  static let sizes: AxisSizes = [.images: 2]
  static func inputs(_ graph: Graph) -> [Tensor] {
    ["queries", "keys", "values"].map { graph.input($0, [Extent(.images) * 5, 6]) }
  }
  static func operation(_ inputs: [Tensor]) -> any Operation {
    let y = inputs[0].attention(
      keys: inputs[1], values: inputs[2], headCount: 2,
      layout: .equal(sequences: .images, length: 5))
    return y.graph.nodes[y.id.node].operation
  }
}

private enum LossCase: ResultCase {
  static let sizes: AxisSizes = [.pairs: 4]
  static func inputs(_ graph: Graph) -> [Tensor] {
    let pairs = Extent(.pairs)
    return [
      graph.input("image", [pairs, 3]), graph.input("text", [pairs, 3]),
      graph.input("scale", [1]), graph.input("pictures", [pairs], .int32),
      graph.input("captions", [pairs], .int32),
    ]
  }
  static func operation(_ inputs: [Tensor]) -> any Operation {
    let loss = inputs[0].graph.symmetricInfoNCE(
      image: inputs[0], text: inputs[1], scale: inputs[2], imageGroups: inputs[3],
      textGroups: inputs[4], repeatedPairs: .positive)
    return loss.graph.nodes[loss.id.node].operation
  }
}

private func compareEachResult<Case: ResultCase>(of: Case.Type) throws {
  let graph = Graph()
  let inputs = Case.inputs(graph)
  let results = graph.apply(Case.operation(inputs), to: inputs)
  for (index, result) in results.enumerated() {
    let plan = Plan(graph, outputs: [("result \(index)", result)], capacities: Case.sizes)
    try compare(plan, sizes: Case.sizes)
  }
}

/// Runs a plan without parameters on both devices; all its float inputs come from their labels.
private func compare(_ plan: Plan, sizes: AxisSizes) throws {
  let layout = ParameterLayout(trained: [], locked: [])
  let cpu = CPUDevice(threadCount: 2)
  let reference = ReferenceDevice()
  let program = try cpu.compile(plan, parameters: cpu.makeParameters(layout))
  let oracle = try reference.compile(plan, parameters: reference.makeParameters(layout))
  set(program, plan, sizes)
  set(oracle, plan, sizes)
  for stage in 0...1 {
    program.run(stage: stage, sizes: sizes, randomKey: 0)
    oracle.run(stage: stage, sizes: sizes, randomKey: 0)
  }
  for output in plan.outputs {
    let complaint = Tolerance.reduction.complaint(
      output.name, program.values(of: output.name), reference: oracle.doubles(of: output.name))
    #expect(complaint == nil, "\(plan.steps.map(\.operation.name))")
  }
}

private func set(_ program: some ExecutableProgram, _ plan: Plan, _ sizes: AxisSizes) {
  for input in plan.inputs where plan.needs(input.id) {
    let count = plan[input.id].shape.elementCount(sizes)
    var generator = SeededGenerator(seed: 2, label: input.name)
    if plan[input.id].elementType == .int32 {
      program.set(input.name, to: (0..<count).map { Int32($0 % 3) })
    } else {
      program.set(input.name, to: generator.floats(count))
    }
  }
}
