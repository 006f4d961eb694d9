import Autodiff
import TestSupport
import Testing

@Suite struct PlanTests {
  @Test(arguments: 0..<60 as Range<UInt64>)
  func `no step of a random model finds its input overwritten`(seed: UInt64) {
    let model = RandomModel(seed: seed)
    for placement in [Plan.PlacementPolicy.arena, .separate] {
      for recomputation in [RecomputationPolicy.none, .segments] {
        var memory = PlanMemory(model.plan(placement: placement, recomputation: recomputation))
        for complaint in memory.complaints() {
          Issue.record("\(placement), \(recomputation): \(complaint)")
        }
      }
    }
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `an arena is smaller than separate storage`(seed: UInt64) {
    let model = RandomModel(seed: seed)
    let shared = model.plan(placement: .arena).arenaByteCount
    #expect(shared < model.plan(placement: .separate).arenaByteCount)
  }

  @Test func `recomputing segments takes less memory than keeping them`() {
    let graph = Graph()
    let rows = Extent(.tokens)
    var x = graph.input("x", [rows, 64])
    for block in 0..<8 {
      let weight = Parameter(path: "\(block)", sizes: [64, 64], initializer: .zeros)
      x = graph.segment { x + x.affineMap(weight: graph[weight]).gelu.quickGELU.gelu }
    }
    let start = graph.nodes.count
    let upstream = graph.input("upstream", x.shape)
    let first = Parameter(path: "0", sizes: [64, 64], initializer: .zeros)
    let gradient = graph.gradients(of: x, upstream: upstream, withRespectTo: [graph[first]])[0]
    func bytes(_ recomputation: RecomputationPolicy) -> Int {
      Plan(
        graph, outputs: [("x", x)], gradients: gradient.map { [(first, $0)] } ?? [],
        gradientStart: start, capacities: [.tokens: 512], recomputation: recomputation
      ).arenaByteCount
    }
    #expect(bytes(.segments) < bytes(.none) * 2 / 3)
  }

  @Test func `an operation is not written over an input that another of its inputs looks into`() {
    let graph = Graph()
    let x = graph.input("x", [4, 3]).gelu
    let row = x.rows(1..<2).reshaped([3])
    let plan = Plan(graph, outputs: [("y", x.addingRow(row))], capacities: [:])
    var memory = PlanMemory(plan)
    #expect(memory.complaints() == [])
  }

  @Test func `a table of positions that is also the rows is not overwritten while it is read`() {
    let graph = Graph()
    let x = graph.input("x", [Extent(.images) * 2, 3]).gelu
    let sum = x.addingPositions(x, layout: .equal(sequences: .images, length: 2))
    let plan = Plan(graph, outputs: [("sum", sum)], capacities: [.images: 2])
    var memory = PlanMemory(plan)
    #expect(memory.complaints() == [])
  }

  @Test func `results that nobody reads get no place`() {
    let graph = Graph()
    let x = graph.input("x", [4, 8])
    let results = graph.apply(L2Normalization(), to: [x])
    let plan = Plan(graph, outputs: [("y", results[0])], capacities: [:])
    #expect(plan.needs(results[0].id))
    #expect(!plan.needs(results[1].id))
  }

  @Test func `nodes that no output needs are not planned`() {
    let graph = Graph()
    let x = graph.input("x", [4, 8])
    let y = x.gelu
    _ = x.quickGELU.exponential
    let plan = Plan(graph, outputs: [("y", y)], capacities: [:])
    #expect(plan.steps.map(\.operation.name) == ["GELU"])
  }

  @Test func `views take no storage`() {
    let graph = Graph()
    let x = graph.input("x", [4, 8]).gelu
    let view = x.reshaped([8, 4]).rows(2..<5)
    let plan = Plan(graph, outputs: [("view", view)], capacities: [:])
    guard case .arena(let whole) = plan[x.id].placement,
      case .arena(let part) = plan[view.id].placement
    else { return #expect(Bool(false), "Both lie in the arena.") }
    #expect(part == whole + 2 * 4 * 4)
  }

  @Test func `an input inside a segment is declared once`() {
    let graph = Graph()
    let weight = Parameter(path: "weight", sizes: [3, 3], initializer: .zeros)
    let y = graph.segment { () -> Tensor in
      let x = graph.input("x", [2, 3])
      return x.gelu.affineMap(weight: graph[weight]).gelu
    }
    let start = graph.nodes.count
    let gradient = graph.gradients(of: y, withRespectTo: [graph[weight]])
    let plan = Plan(
      graph, outputs: [("y", y)], gradients: gradient.compactMap { $0 }.map { (weight, $0) },
      gradientStart: start, capacities: [:], recomputation: .segments)
    #expect(plan.inputs.map(\.name) == ["x"])
  }
}
