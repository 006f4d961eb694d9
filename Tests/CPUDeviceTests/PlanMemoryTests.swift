import Autodiff
import CPUDevice
import Foundation
import TestSupport
import Testing

/// What a running program asks of the system.
@Suite(.serialized) struct PlanMemoryTests {
  @Test func `nothing grows after the first run`() async {
    // In a process of its own, because other tests allocate at the same time.
    await #expect(processExitsWith: .success) {
      let captured = OperationCase.blocks[1].captured()
      let device = CPUDevice(threadCount: 2)
      let parameters = device.makeParameters(captured.parameterLayout)
      let program = try device.compile(captured.plan, parameters: parameters)
      captured.setParameters(parameters)
      let sizes = captured.source.sizes
      func run(_ count: Int) {
        for _ in 0..<count {
          for stage in 0...1 { program.run(stage: stage, sizes: sizes, randomKey: 1) }
        }
      }
      for stage in 0...1 { captured.setInputs(of: program, stage: stage) }
      // A leak of a hundred bytes a run would outgrow what the heap has in reserve.
      run(300)
      let mapped = try mappedByteCount()
      run(3_000)
      let grown = try mappedByteCount() - mapped
      precondition(grown <= 0, "The process grew by \(grown) bytes.")
    }
  }

  @Test func `a plan's arena is what a program maps`() async {
    await #expect(processExitsWith: .success) {
      let graph = Graph()
      let x = graph.input("x", [4_096, 1_024])
      let plan = Plan(graph, outputs: [("y", x.gelu.quickGELU.gelu)], capacities: [:])
      precondition(plan.arenaByteCount == 2 * 4_096 * 1_024 * 4, "The input and one other place.")
      let device = CPUDevice(threadCount: 1)
      let parameters = device.makeParameters(ParameterLayout(trained: [], locked: []))
      let before = try mappedByteCount()
      let program = try device.compile(plan, parameters: parameters)
      let mapped = try mappedByteCount() - before
      precondition(mapped >= plan.arenaByteCount && mapped < plan.arenaByteCount + (4 << 20))
      _ = program
    }
  }
}

/// The writable memory of this process: heaps, mappings and stacks, touched or not.
///
/// It is the sixth number of proc(5)'s statm; the first would count what heaps merely reserve.
private func mappedByteCount() throws -> Int {
  let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
  return (Int(text.split(separator: " ")[5]) ?? 0) * Int(getpagesize())
}
