import Autodiff
import CPUDevice
import Models
import TestSupport
import Testing

/// The text tower on captions packed end to end against the same captions padded to one length.
@Suite struct PackedTextTests {
  static let configuration = BERT.Configuration(
    vocabularyCount: 40, width: 24, depth: 2, headWidth: 8, mlpWidth: 40, positionCount: 12)
  static let width = 8

  let tower = BERT(ParameterScope("text"), Self.configuration, embeddingWidth: Self.width)

  static let cases: [[Int]] = [
    [1], [1, 1, 1], [2], [12], Array(2...12), [12, 1, 2, 7, 1], [5, 5, 5], [1, 12],
  ]

  /// Embeddings of unit length and every parameter's gradient.
  private struct Pass {
    let embeddings: [Float]
    let gradients: [(path: String, values: [Float])]
  }

  @Test(arguments: cases)
  func `packed equals padded`(lengths: [Int]) throws {
    let packed = try pass(captions(lengths), isPacked: true)
    let padded = try pass(captions(lengths), isPacked: false)
    let complaint = Tolerance.block.complaint(
      "embeddings", packed.embeddings, reference: padded.embeddings.map(Double.init))
    #expect(complaint == nil)
    let largest = padded.gradients.flatMap(\.values).map { abs(Double($0)) }.max() ?? 0
    let tolerance = Tolerance(
      relativeNorm: 2e-5, element: 1e-4, absolute: 2e-6 * largest,
      reason: "Sums over rows in another order; a key bias's gradient is zero by cancellation.")
    for (own, theirs) in zip(packed.gradients, padded.gradients) {
      let complaint = tolerance.complaint(
        own.path, own.values, reference: theirs.values.map(Double.init))
      #expect(complaint == nil)
    }
    #expect(packed.gradients.count == tower.parameters.count)
  }

  @Test func `a caption's embedding does not depend on its neighbours`() throws {
    let lengths = [7, 2, 12, 1, 9]
    let all = try pass(captions(lengths), isPacked: true).embeddings
    for (index, caption) in captions(lengths).enumerated() {
      let alone = try pass([caption], isPacked: true).embeddings
      let expected = all[index * Self.width..<(index + 1) * Self.width].map(Double.init)
      #expect(Tolerance.block.complaint("\(index)", alone, reference: expected) == nil)
    }
  }

  @Test func `positions that no caption reaches receive no gradient`() throws {
    for isPacked in [true, false] {
      let pass = try pass(captions([3, 5]), isPacked: isPacked)
      let positions = try #require(
        pass.gradients.first { $0.path == "text/embeddings/positions" })
      let width = Self.configuration.width
      #expect(positions.values[(5 * width)...].allSatisfy { $0 == 0 })
      #expect(positions.values[..<(5 * width)].contains { $0 != 0 })
    }
  }

  /// Ids from 1 on; 0 pads.
  private func captions(_ lengths: [Int]) -> [[Int32]] {
    lengths.enumerated().map { index, length in
      var generator = SeededGenerator(seed: UInt64(index), label: "caption of \(length)")
      return (0..<length).map { _ in
        Int32.random(in: 1..<Int32(Self.configuration.vocabularyCount), using: &generator)
      }
    }
  }

  private func pass(_ captions: [[Int32]], isPacked: Bool) throws -> Pass {
    let device = CPUDevice(threadCount: 2)
    let parameters = device.makeParameters(
      ParameterLayout(trained: tower.parameters, locked: []))
    for parameter in tower.parameters {
      var generator = SeededGenerator(seed: 1, label: parameter.path)
      let center: Float = parameter.initializer == .ones ? 1 : 0
      parameters.setValues(
        generator.floats(parameter.elementCount, in: -0.4...0.4).map { center + $0 },
        of: parameter.path)
    }
    let longest = captions.map(\.count).max() ?? 0
    let sizes: AxisSizes =
      isPacked
      ? [.tokens: captions.reduce(0) { $0 + $1.count }, .sequences: captions.count]
      : [.batch: captions.count, .length: longest]
    let plan = plan(isPacked: isPacked, capacities: sizes)
    let program = try device.compile(plan, parameters: parameters)
    if isPacked {
      let lengths = captions.map { Int32($0.count) }
      program.set("ids", to: captions.flatMap { $0 })
      program.set("starts", to: lengths.indices.map { lengths[..<$0].reduce(0, +) })
      program.set("lengths", to: lengths)
    } else {
      func padded(_ row: [Int32]) -> [Int32] {
        row + [Int32](repeating: 0, count: longest - row.count)
      }
      program.set("ids", to: captions.flatMap(padded))
      program.set("attention_mask", to: captions.flatMap { padded($0.map { _ in 1 }) })
    }
    program.run(stage: 0, sizes: sizes, randomKey: 0)
    var generator = SeededGenerator(seed: 4)
    program.set("upstream", to: generator.floats(captions.count * Self.width))
    let embeddings = program.values(of: "embeddings")
    program.run(stage: 1, sizes: sizes, randomKey: 0)
    return Pass(
      embeddings: embeddings,
      gradients: tower.parameters.map { ($0.path, parameters.gradient(of: $0.path)) })
  }

  private func plan(isPacked: Bool, capacities: AxisSizes) -> Plan {
    let graph = Graph()
    let rows = isPacked ? Extent(.tokens) : Extent(.batch) * Extent(.length)
    let ids = graph.input("ids", [rows], .int32)
    let layout = isPacked ? TokenLayout.packed(in: graph) : .padded(in: graph)
    let output = tower(ids, layout: layout).l2Normalized
    let start = graph.nodes.count
    let gradients = graph.gradients(
      of: output, upstream: graph.input("upstream", output.shape),
      withRespectTo: tower.parameters.map { graph[$0] })
    return Plan(
      graph, outputs: [("embeddings", output)],
      gradients: zip(tower.parameters, gradients).compactMap { parameter, gradient in
        gradient.map { (parameter, $0) }
      },
      gradientStart: start, capacities: capacities)
  }
}
