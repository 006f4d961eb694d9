import Autodiff
import TestSupport
import Testing

@testable import Models

/// A last block that keeps first tokens alone against one that keeps all, of which first ones are
/// taken. Both in Double: the same values and gradients but for roundings.
@Suite struct KeptTokensTests {
  private static let (width, headCount, mlpWidth) = (12, 3, 20)
  private static let lengths: [Int32] = [4, 1, 7, 2]

  private enum Kind: CaseIterable { case preNorm, postNorm }

  private struct Pass {
    let result: [Double]
    /// Of the block's input, then of each parameter.
    let gradients: [[Double]]
  }

  @Test(arguments: Kind.allCases)
  private func `leaving out what nobody reads changes nothing`(_ kind: Kind) throws {
    let kept = try pass(kind, .first)
    let all = try pass(kind, .all)
    #expect(kept.result.count == Self.lengths.count * Self.width)
    #expect(distance(kept.result, all.result) < 1e-12)
    for (own, theirs) in zip(kept.gradients, all.gradients) {
      #expect(own.count == theirs.count && distance(own, theirs) < 1e-12)
    }
    // The input's gradient reaches the tokens that are left out, by way of keys and values.
    #expect(kept.gradients[0].allSatisfy { $0 != 0 })
  }

  private func distance(_ left: [Double], _ right: [Double]) -> Double {
    zip(left, right).map { abs($0 - $1) }.max() ?? .infinity
  }

  private func pass(_ kind: Kind, _ kept: KeptTokens) throws -> Pass {
    let graph = Graph()
    let scope = ParameterScope("block")
    let layout = TokenLayout.packed(in: graph)
    let x = graph.input("x", [layout.rows, Extent(Self.width)])
    let result: Tensor
    let trained: [Parameter]
    switch kind {
    case .preNorm:
      let block = TransformerBlock(
        scope, width: Self.width, headCount: Self.headCount, mlpWidth: Self.mlpWidth,
        epsilon: 1e-5)
      (result, trained) = (block(x, layout: layout, keeping: kept), block.parameters)
    case .postNorm:
      let block = PostNormBlock(
        scope, width: Self.width, headCount: Self.headCount, mlpWidth: Self.mlpWidth,
        epsilon: 1e-12, deviation: 0.3)
      (result, trained) = (block(x, layout: layout, keeping: kept, dropout: 0), block.parameters)
    }
    let first = kept == .all ? result.firstTokens(layout: layout) : result
    let start = graph.nodes.count
    let upstream = graph.input("upstream", first.shape)
    let gradients = graph.gradients(
      of: first, upstream: upstream, withRespectTo: [x] + trained.map { graph[$0] })
    let names = ["x"] + trained.map(\.path)
    let outputs = try zip(names, gradients).map { ("d \($0)", try #require($1)) }
    let sizes: AxisSizes = [
      .tokens: Self.lengths.reduce(0) { $0 + Int($1) }, .sequences: Self.lengths.count,
    ]
    let plan = Plan(
      graph, outputs: [("result", first)] + outputs, gradientStart: start, capacities: sizes)
    let device = ReferenceDevice()
    let parameters = device.makeParameters(ParameterLayout(trained: trained, locked: []))
    for parameter in trained {
      var generator = SeededGenerator(seed: 1, label: parameter.path)
      parameters.setValues(
        generator.floats(parameter.elementCount, in: -0.5...0.5), of: parameter.path)
    }
    let program = try device.compile(plan, parameters: parameters)
    var generator = SeededGenerator(seed: 2)
    program.set("x", to: generator.floats(x.shape.elementCount(sizes)))
    program.set("lengths", to: Self.lengths)
    program.set("starts", to: Self.lengths.indices.map { Self.lengths[..<$0].reduce(0, +) })
    program.run(stage: 0, sizes: sizes, randomKey: 0)
    program.set("upstream", to: generator.floats(first.shape.elementCount(sizes)))
    program.run(stage: 1, sizes: sizes, randomKey: 0)
    return Pass(
      result: program.doubles(of: "result"), gradients: outputs.map { program.doubles(of: $0.0) })
  }
}
