import CPUDevice
import Foundation
import Testing

@testable import Autodiff
@testable import Training

/// What no machine has memory for is refused before any is taken.
@Suite struct TooLargeRunTests {
  private func refusal(_ settings: [String]) async throws -> String {
    let run = try MiniatureRun()
    defer { run.remove() }
    let recipe = try run.recipe(settings)
    let trained = #expect(throws: ModelError.self) { try RunPreparation(recipe) }
    let planned = await #expect(throws: ModelError.self) { try await RunPlan(recipe) }
    #expect(planned.map { "\($0)" } == trained.map { "\($0)" })
    return "\(try #require(trained))"
  }

  @Test func `a chunk beyond the budget is refused, however large it is`() async throws {
    let text = try await refusal(["batch.tokens_per_chunk=1048576", "memory_budget=1 MiB"])
    #expect(text.contains("`memory_budget` is 1 MiB"))
  }

  @Test func `a chunk within a budget that no machine has is refused`() async throws {
    let text = try await refusal([
      "batch.tokens_per_chunk=1048576", "memory_budget=1000000 GiB",
      "model.configuration.text.mlp_width=65536", "model.configuration.text.depth=2",
    ])
    #expect(text.contains("The system gives no "))
  }

  @Test func `a model whose state fits no machine is refused`() async throws {
    let text = try await refusal([
      "model.configuration.text.width=16384", "model.configuration.text.depth=48",
      "model.configuration.text.mlp_width=65536",
    ])
    #expect(text.contains("The model's parameters with gradients and moments take "))
  }

  @Test func `memory that no system has is refused by the device, too`() throws {
    let device = CPUDevice(threadCount: 1)
    try device.requireMemory(byteCount: 1 << 20)
    #expect(throws: DeviceError.outOfMemory(byteCount: 1 << 60)) {
      try device.requireMemory(byteCount: 1 << 60)
    }
    let graph = Graph()
    let x = graph.input("x", [Extent(.tokens), 1_048_576])
    let plan = Plan(
      graph, outputs: [("y", x.gelu)], capacities: [.tokens: 1 << 36])
    #expect(throws: DeviceError.self) {
      try device.compile(
        plan, parameters: device.makeParameters(ParameterLayout(trained: [], locked: [])))
    }
  }
}
