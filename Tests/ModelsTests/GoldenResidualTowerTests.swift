import Autodiff
import CPUDevice
import Testing

@testable import Models

/// A tiny residual tower against numbers that the original's code gave, in evaluation and in
/// training mode (Float32).
@Suite struct GoldenResidualTowerTests {
  static let configuration = DualEncoder.Configuration(
    image: ModifiedResNet.Configuration(imageSize: 64, layers: [1, 1, 1, 1], width: 8),
    text: .init(
      vocabularyCount: 200, width: 16, depth: 2, headWidth: 8, mlpWidth: 32, positionCount: 16),
    embeddingWidth: 8)

  let model = DualEncoder(Self.configuration)

  /// What the first of three pictures becomes, and what the pass showed of running statistics.
  func pass(trained: [Parameter]) throws -> (feature: [Float], shown: [String: [Float]]) {
    let device = CPUDevice(threadCount: 2)
    let parameters = device.makeParameters(
      ParameterLayout(trained: [], locked: model.parameters))
    for (parameter, entry) in zip(
      model.parameters, ChineseCLIP.entries(for: Self.configuration))
    {
      let foreign = GoldenFill.values(of: entry.key, count: parameter.elementCount)
      parameters.setValues(
        entry.values(from: foreign, sizes: parameter.sizes), of: parameter.path)
    }
    let graph = Graph()
    let feature = model.image(graph.input("pixels", model.pixelShape), trained: Set(trained))
    let plan = Plan(
      graph,
      outputs: [("feature", feature)] + graph.observations.map { ($0.parameter.path, $0.value) },
      capacities: [.images: 3])
    let program = try device.compile(plan, parameters: parameters)
    program.set("pixels", to: GoldenFill.pixels(size: 64))
    program.run(stage: 0, sizes: [.images: 3], randomKey: 0)
    let shown = graph.observations.map(\.parameter.path).map { ($0, program.values(of: $0)) }
    return (
      Array(program.values(of: "feature")[..<8]), Dictionary(uniqueKeysWithValues: shown)
    )
  }

  @Test func `in evaluation features equal the original's`() throws {
    let (feature, shown) = try pass(trained: [])
    expect(
      feature, [2.50369, 5.43115, -0.38697, 1.72101, 3.77811, 2.63804, -0.19379, 0.37290])
    #expect(shown.isEmpty)
  }

  @Test func `in training features and running statistics equal the original's`() throws {
    let (feature, shown) = try pass(trained: model.image.parameters)
    expect(
      feature, [9.44368, 12.09038, 15.71260, -4.39120, -0.86755, 12.89799, 0.43252, 3.88963],
      tolerance: 5e-5)
    func moved(_ name: String, _ start: (Int) -> Double) throws -> [Float] {
      let values = try #require(shown["image/stem/0/norm/\(name)"])
      return (0..<2).map { Float(start($0)) + 0.1 * (values[$0] - Float(start($0))) }
    }
    let mean = try moved("running_mean") {
      0.2 * GoldenFill.unit(GoldenFill.seed(of: "visual.bn1.running_mean"), $0)
    }
    let variance = try moved("running_variance") {
      1 + GoldenFill.unit(GoldenFill.seed(of: "visual.bn1.running_var"), $0)
    }
    expect(mean, [-0.0744501, -0.0515943], tolerance: 1e-6)
    expect(variance, [1.2411994, 1.1411248], tolerance: 2e-6)
    #expect(shown["image/stem/0/norm/chunk_count"] == [1])
  }

  private func expect(_ found: [Float], _ expected: [Float], tolerance: Float = 2e-5) {
    for (found, expected) in zip(found, expected) {
      let allowed = tolerance * max(1, abs(expected))
      #expect(abs(found - expected) <= allowed, "found \(found), expected \(expected)")
    }
  }
}
