import Autodiff
import CPUDevice
import TestSupport
import Testing

/// Whatever a plan does with memory, a program computes the same bits.
@Suite struct PlanExecutionTests {
  @Test(arguments: 0..<60 as Range<UInt64>)
  func `arenas and recomputation give the bits of separate storage`(seed: UInt64) throws {
    let model = RandomModel(seed: seed)
    let oracle = try results(of: model, model.plan(placement: .separate))
    #expect(oracle.allSatisfy { $0.values.allSatisfy(\.isFinite) })
    for placement in [Plan.PlacementPolicy.arena, .separate] {
      for recomputation in [RecomputationPolicy.none, .segments] {
        let plan = model.plan(placement: placement, recomputation: recomputation)
        for (expected, found) in zip(oracle, try results(of: model, plan)) {
          #expect(
            sameBits(found.values, expected.values),
            "\(expected.label) of model \(seed) with \(placement), \(recomputation)")
        }
      }
    }
  }

  @Test(arguments: 0..<40 as Range<UInt64>)
  func `groups of steps in blocks of rows give the bits of single steps`(seed: UInt64) throws {
    let model = RandomModel(seed: seed, scale: .large)
    let oracle = try results(of: model, model.plan(placement: .separate))
    #expect(oracle.allSatisfy { $0.values.allSatisfy(\.isFinite) })
    for recomputation in [RecomputationPolicy.none, .segments] {
      let plan = model.plan(placement: .arena, recomputation: recomputation)
      #expect(plan.groups.contains { $0.count > 3 })
      for threadCount in 1...3 {
        let found = try results(of: model, plan, threadCount: threadCount)
        for (expected, found) in zip(oracle, found) {
          #expect(
            sameBits(found.values, expected.values),
            "\(expected.label), model \(seed), \(threadCount) threads, \(recomputation)")
        }
      }
    }
  }

  @Test(arguments: 0..<6 as Range<UInt64>)
  func `large random models agree with the reference`(seed: UInt64) throws {
    try compareWithReference(RandomModel(seed: seed, steps: 12, scale: .large))
  }

  @Test(arguments: 0..<12 as Range<UInt64>)
  func `random models agree with the reference`(seed: UInt64) throws {
    try compareWithReference(RandomModel(seed: seed))
  }

  private func compareWithReference(_ model: RandomModel) throws {
    let plan = model.plan(placement: .arena)
    let device = ReferenceDevice()
    let layout = ParameterLayout(trained: model.trained, locked: model.locked)
    let parameters = device.makeParameters(layout)
    let program = try device.compile(plan, parameters: parameters)
    model.setParameters(parameters)
    for stage in 0...1 {
      model.setInputs(of: program, in: plan, stage: stage)
      program.run(stage: stage, sizes: model.sizes, randomKey: 99)
    }
    // Dozens of operations amplify the roundings of the first ones.
    let tolerance = Tolerance(
      relativeNorm: 2e-3, element: 2e-3, absolute: 2e-4, reason: "Deep random chains.")
    for found in try results(of: model, plan) {
      let expected =
        found.isGradient
        ? parameters.gradientDoubles(of: found.label) : program.doubles(of: found.label)
      let complaint = tolerance.complaint(found.label, found.values, reference: expected)
      #expect(complaint == nil)
    }
  }

  @Test func `an upstream gradient may be given between the stages`() throws {
    let block = OperationCase.blocks[1].captured()
    let results = try cpuResults(of: block, threadCount: 2)
    let expected = try referenceResults(of: block)
    for (label, values) in results.sorted(by: { $0.key < $1.key }) {
      let reference = try #require(expected[label])
      #expect(Tolerance.block.complaint(label, values, reference: reference) == nil)
    }
  }

  @Test func `gradients add up over runs until they are cleared`() throws {
    let captured = OperationCase("Sum", tolerance: .product) {
      $0.floats("x", [3, 5]).affineMap(weight: $0.parameter("w", [4, 5]))
    }.captured()
    let device = CPUDevice(threadCount: 1)
    let parameters = device.makeParameters(captured.parameterLayout)
    let program = try device.compile(captured.plan, parameters: parameters)
    captured.setParameters(parameters)
    captured.runBothStages(of: program)
    let once = parameters.gradient(of: "w")
    captured.runBothStages(of: program)
    #expect(parameters.gradient(of: "w") == once.map { $0 + $0 })
    parameters.clearGradients()
    #expect(parameters.gradient(of: "w").allSatisfy { $0 == 0 })
  }

  @Test func `packed sequences give what padded ones give`() throws {
    let packed = try cpuResults(of: OperationCase.blocks[1].captured(), threadCount: 1)
    let padded = try paddedResults(like: OperationCase.blocks[1], OperationCase.blocks[2])
    let result = try #require(packed["result"])
    let complaint = Tolerance.block.complaint(
      "result", padded, reference: result.map(Double.init))
    #expect(complaint == nil)
  }

  @Test func `sizes may change from run to run of one program`() throws {
    let capacities: AxisSizes = [.tokens: 24, .sequences: 6]
    let captured = OperationCase.blocks[1].captured(capacities: capacities)
    let device = CPUDevice(threadCount: 2)
    let parameters = device.makeParameters(captured.parameterLayout)
    let program = try device.compile(captured.plan, parameters: parameters)
    captured.setParameters(parameters)
    for lengths in [[3, 1], [2, 3, 3, 1], [1], [3, 3, 3, 3, 3, 3], [3, 1]] as [[Int32]] {
      let sizes: AxisSizes = [
        .tokens: lengths.reduce(0) { $0 + Int($1) }, .sequences: lengths.count,
      ]
      let ids = [
        "lengths": lengths, "starts": lengths.indices.map { lengths[..<$0].reduce(0, +) },
      ]
      for stage in 0...1 {
        captured.setInputs(of: program, stage: stage, sizes: sizes, ids: ids)
        program.run(stage: stage, sizes: sizes, randomKey: 1)
      }
      #expect(
        program.values(of: CapturedCase.result)
          == (try freshResult(captured, sizes: sizes, ids: ids)))
    }
  }

  private func freshResult(
    _ captured: CapturedCase, sizes: AxisSizes, ids: [String: [Int32]]
  ) throws -> [Float] {
    let device = CPUDevice(threadCount: 1)
    let parameters = device.makeParameters(captured.parameterLayout)
    let program = try device.compile(captured.plan, parameters: parameters)
    captured.setParameters(parameters)
    captured.setInputs(of: program, stage: 0, sizes: sizes, ids: ids)
    program.run(stage: 0, sizes: sizes, randomKey: 1)
    return program.values(of: CapturedCase.result)
  }

  /// The padded case's result with the packed case's rows in it, the rest being noise.
  private func paddedResults(like packed: OperationCase, _ padded: OperationCase) throws -> [Float]
  {
    let captured = padded.captured()
    let rows = packed.captured().values(of: "x", count: 4 * 4)
    let device = CPUDevice(threadCount: 1)
    let parameters = device.makeParameters(captured.parameterLayout)
    let program = try device.compile(captured.plan, parameters: parameters)
    captured.setParameters(parameters)
    captured.setInputs(of: program, stage: 0)
    // Lengths 3 and 1 in two lines of three.
    let noise: [Float] = [9, -9, 8, -8, 7, -7, 6, -6]
    program.set("x", to: rows + noise)
    program.run(stage: 0, sizes: padded.sizes, randomKey: padded.randomKey)
    return program.values(of: CapturedCase.result)
  }

  /// All outputs, then the gradients as they stand in the gradient arena, in one order.
  private func results(
    of model: RandomModel, _ plan: Plan, threadCount: Int = 2
  ) throws -> [(label: String, values: [Float], isGradient: Bool)] {
    let device = CPUDevice(threadCount: threadCount)
    let layout = ParameterLayout(trained: model.trained, locked: model.locked)
    let parameters = device.makeParameters(layout)
    let program = try device.compile(plan, parameters: parameters)
    model.setParameters(parameters)
    for stage in 0...1 {
      model.setInputs(of: program, in: plan, stage: stage)
      program.run(stage: stage, sizes: model.sizes, randomKey: 99)
    }
    return plan.outputs.map { ($0.name, program.values(of: $0.name), false) }
      + plan.gradients.map { ($0.name, parameters.gradient(of: $0.name), true) }
  }
}
