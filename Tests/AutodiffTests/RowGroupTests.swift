import Autodiff
import TestSupport
import Testing

/// Which steps a plan puts together.
@Suite struct RowGroupTests {
  /// The names of the steps of each group.
  private func groups(of plan: Plan) -> [[String]] {
    plan.groups.map { plan.steps[$0].map(\.operation.name) }
  }

  @Test func `steps that work on the same rows form one group`() {
    let graph = Graph()
    let x = graph.input("x", [Extent(.tokens), 8])
    let weight = graph[Parameter(path: "w", sizes: [4, 8], initializer: .zeros)]
    let y = (x + x.gelu).affineMap(weight: weight).l2Normalized
    let plan = Plan(graph, outputs: [("y", y)], capacities: [.tokens: 64])
    #expect(groups(of: plan) == [["GELU", "Add", "AffineMap", "L2Normalization"]])
  }

  @Test func `attention parts the groups, because rows meet in it`() {
    let graph = Graph()
    let layout = TokenLayout.equal(sequences: .images, length: 5)
    let x = graph.input("x", [layout.rows, 8]).gelu
    let y = x.attention(keys: x, values: x, headCount: 2, layout: layout).gelu + x
    let plan = Plan(graph, outputs: [("y", y)], capacities: [.images: 3])
    #expect(groups(of: plan) == [["GELU"], ["Attention"], ["GELU", "Add"]])
  }

  @Test func `gradients of weights wait until the rows' own gradient is through`() {
    let graph = Graph()
    let x = graph.input("x", [Extent(.tokens), 4])
    let parameters = (0..<3).map { Parameter(path: "\($0)", sizes: [4, 4], initializer: .zeros) }
    let y = parameters.reduce(x) { $0.affineMap(weight: $1.read(in: graph)).gelu }
    let start = graph.nodes.count
    let gradients = graph.gradients(
      of: y, upstream: graph.input("upstream", y.shape),
      withRespectTo: parameters.map { graph[$0] })
    let plan = Plan(
      graph, outputs: [("y", y)],
      gradients: zip(parameters, gradients).compactMap { parameter, gradient in
        gradient.map { (parameter, $0) }
      }, gradientStart: start, capacities: [.tokens: 64])
    #expect(
      groups(of: plan) == [
        ["AffineMap", "GELU", "AffineMap", "GELU", "AffineMap", "GELU"],
        ["GELUGradient", "MatrixProduct", "GELUGradient", "MatrixProduct", "GELUGradient"],
        ["MatrixProduct"], ["MatrixProduct"], ["MatrixProduct"],
      ])
  }

  @Test func `a value that is read as a whole is complete before its reader begins`() {
    let graph = Graph()
    let x = graph.input("x", [Extent(.tokens), 4]).gelu
    let y = x.matrixProduct(x, transposingRight: true)
    let plan = Plan(graph, outputs: [("y", y)], capacities: [.tokens: 64])
    #expect(groups(of: plan) == [["GELU"], ["MatrixProduct"]])
  }

  @Test func `a value is not replaced in a group of which a step reads it as a whole`() {
    let graph = Graph()
    let layout = TokenLayout.equal(sequences: .images, length: 5)
    let x = graph.input("x", [layout.rows, 4]).gelu
    // Attention ends the first group, so that x is whole when the second begins.
    let other = x.attention(keys: x, values: x, headCount: 2, layout: layout)
    let product = other.matrixProduct(x, transposingRight: true)
    let plan = Plan(
      graph, outputs: [("product", product), ("y", x.quickGELU)], capacities: [.images: 3])
    #expect(groups(of: plan).last == ["MatrixProduct", "QuickGELU"])
    var memory = PlanMemory(plan)
    #expect(memory.complaints() == [])
  }

  @Test func `steps of other row counts and vectors stay out of a group`() {
    let graph = Graph()
    let x = graph.input("x", [Extent(.tokens), 4])
    let other = graph.input("other", [Extent(.sequences), 4])
    let vector = graph.input("vector", [4])
    let plan = Plan(
      graph, outputs: [("x", x.gelu), ("other", other.gelu), ("vector", vector.gelu.gelu)],
      capacities: [.tokens: 64, .sequences: 8])
    #expect(groups(of: plan) == [["GELU"], ["GELU"], ["GELU"], ["GELU"]])
  }

  @Test func `separate plans keep the order of capture, each step alone`() {
    let graph = Graph()
    let x = graph.input("x", [Extent(.tokens), 4])
    let plan = Plan(
      graph, outputs: [("y", x.gelu.quickGELU)], capacities: [.tokens: 64], placement: .separate)
    #expect(groups(of: plan) == [["GELU"], ["QuickGELU"]])
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `groups cut the steps without a gap`(seed: UInt64) {
    let plan = RandomModel(seed: seed).plan(placement: .arena)
    #expect(plan.groups.flatMap { Array($0) } == Array(plan.steps.indices))
  }
}

extension Parameter {
  fileprivate func read(in graph: Graph) -> Tensor { graph[self] }
}
