import Autodiff
import CPUDevice
import Testing

/// What a program refuses rather than reading or writing beyond a value.
@Suite struct PlanInputTests {
  private static func lookup() throws -> CPUProgram {
    let graph = Graph()
    let table = graph.input("table", [4, 3])
    let rows = table.rows(at: graph.input("ids", [Extent(.tokens)], .int32))
    let plan = Plan(graph, outputs: [("rows", rows)], capacities: [.tokens: 2])
    let device = CPUDevice(threadCount: 1)
    let parameters = device.makeParameters(ParameterLayout(trained: [], locked: []))
    return try device.compile(plan, parameters: parameters)
  }

  @Test(arguments: [Int32(-1), 4])
  func `an id outside its table stops the run`(id: Int32) async {
    await #expect(processExitsWith: .failure) { [id] in
      let program = try Self.lookup()
      program.set("table", to: [Float](repeating: 1, count: 12))
      program.set("ids", to: [0, id])
      program.run(stage: 0, sizes: [.tokens: 2], randomKey: 0)
    }
  }

  @Test func `ids of the table are looked up`() throws {
    let program = try Self.lookup()
    program.set("table", to: (0..<12).map(Float.init))
    program.set("ids", to: [3, 0] as [Int32])
    program.run(stage: 0, sizes: [.tokens: 2], randomKey: 0)
    #expect(program.values(of: "rows") == [9, 10, 11, 0, 1, 2])
  }

  @Test func `more values than an input holds are refused`() async {
    await #expect(processExitsWith: .failure) {
      try Self.lookup().set("ids", to: [0, 1, 2] as [Int32])
    }
  }

  @Test func `names that a plan does not have are refused`() async {
    await #expect(processExitsWith: .failure) {
      try Self.lookup().set("pixels", to: [Float(1)])
    }
    await #expect(processExitsWith: .failure) {
      _ = try Self.lookup().values(of: "columns")
    }
  }

  @Test func `a run above the plan's capacity is refused`() async {
    await #expect(processExitsWith: .failure) {
      let program = try Self.lookup()
      program.set("table", to: [Float](repeating: 1, count: 12))
      program.set("ids", to: [0, 1] as [Int32])
      program.run(stage: 0, sizes: [.tokens: 3], randomKey: 0)
    }
  }
}
