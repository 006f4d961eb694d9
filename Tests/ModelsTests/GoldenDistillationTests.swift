import Autodiff
import CPUDevice
import Testing

/// The distillation term of Chinese-CLIP against numbers that the original's code gave for the tiny
/// models' pictures.
@Suite struct GoldenDistillationTests {
  @Test func `the term and the interpolated student equal the original's`() throws {
    let features = try GoldenTinyModelTests().pass().image
    let graph = Graph()
    let student = graph.input("features", [3, 8]).l2Normalized
    let wide = student.interpolated(toWidth: 12)
    let distance = wide.cosineDistance(to: graph.input("teacher", [3, 12]))
    let plan = Plan(
      graph, outputs: [("student", student), ("wide", wide), ("distance", distance)],
      capacities: [:])
    let device = CPUDevice(threadCount: 1)
    let program = try device.compile(
      plan, parameters: device.makeParameters(ParameterLayout(trained: [], locked: [])))
    program.set("features", to: features)
    program.set("teacher", to: (0..<3 * 12).map { Float(GoldenFill.unit(9, $0)) })
    program.run(stage: 0, sizes: [:], randomKey: 0)
    expect(
      Array(program.values(of: "student")[0..<8]),
      [0.34903, -0.02569, -0.04347, 0.29184, 0.34137, 0.49728, -0.46996, 0.45362])
    expect(
      Array(program.values(of: "wide")[0..<12]),
      [
        0.34903, 0.16167, -0.02866, -0.04051, 0.12419, 0.30010, 0.33312, 0.41932, 0.33607,
        -0.30876, -0.00817, 0.45362,
      ])
    expect(program.values(of: "distance"), [1.202605], tolerance: 2e-6)
  }

  private func expect(_ found: [Float], _ expected: [Float], tolerance: Float = 1e-5) {
    #expect(found.count == expected.count)
    for (found, expected) in zip(found, expected) {
      #expect(abs(found - expected) <= tolerance, "found \(found), expected \(expected)")
    }
  }
}
