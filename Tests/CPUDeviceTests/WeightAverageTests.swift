import Autodiff
import CPUDevice
import TestSupport
import Testing

/// The moving average of trained parameters against plain arithmetic in Double.
@Suite struct WeightAverageTests {
  static let trained = [
    Parameter(path: "wide", sizes: [300, 131], initializer: .normal(deviation: 1)),
    Parameter(path: "scale", sizes: [], initializer: .constant(2)),
  ]
  static let locked = [Parameter(path: "locked", sizes: [77], initializer: .ones)]
  static let paths = trained.map(\.path)

  private struct Trial {
    let parameters: CPUParameters
    let average: WeightAverage

    init(threadCount: Int = 2, decay: Float = 0.75) {
      let device = CPUDevice(threadCount: threadCount)
      parameters = device.makeParameters(ParameterLayout(trained: trained, locked: locked))
      parameters.initialize(seed: 5)
      average = WeightAverage(parameters, device: device, decay: decay)
    }

    /// Moves the weights as an optimizer would, and the average after them.
    func update(_ step: Int) {
      for parameter in trained {
        var generator = SeededGenerator(seed: UInt64(step), label: parameter.path)
        parameters.setValues(generator.floats(parameter.elementCount), of: parameter.path)
      }
      average.update()
    }

    func averages(_ path: String) -> [Float] { Array(average.values(of: path)) }
  }

  @Test func `it starts as the weights are and follows them`() throws {
    let trial = Trial()
    var expected = Self.paths.map { trial.parameters.values(of: $0).map(Double.init) }
    for (path, start) in zip(Self.paths, expected) {
      #expect(trial.averages(path).map(Double.init) == start)
    }
    for step in 1...5 {
      trial.update(step)
      for (index, path) in Self.paths.enumerated() {
        let weights = trial.parameters.values(of: path)
        expected[index] = zip(expected[index], weights).map { 0.75 * $0 + 0.25 * Double($1) }
        #expect(
          Tolerance.elementwise.complaint(path, trial.averages(path), reference: expected[index])
            == nil, "step \(step)")
      }
    }
    #expect(trial.averages("scale") != trial.parameters.values(of: "scale"))
  }

  @Test func `exchanged, programs find the averages, and the weights come back`() {
    let trial = Trial()
    trial.update(1)
    let weights = Self.paths.map { trial.parameters.values(of: $0) }
    let averages = Self.paths.map { trial.averages($0) }
    let locked = trial.parameters.values(of: "locked")
    trial.average.exchange()
    #expect(Self.paths.map { trial.parameters.values(of: $0) } == averages)
    #expect(Self.paths.map { trial.averages($0) } == weights)
    #expect(trial.parameters.values(of: "locked") == locked)
    trial.average.exchange()
    #expect(Self.paths.map { trial.parameters.values(of: $0) } == weights)
    #expect(Self.paths.map { trial.averages($0) } == averages)
  }

  @Test func `several threads average to the bits of one`() {
    let (one, three) = (Trial(threadCount: 1), Trial(threadCount: 3))
    for step in 1...3 {
      one.update(step)
      three.update(step)
    }
    for path in Self.paths { #expect(three.averages(path) == one.averages(path)) }
  }

  @Test func `what is locked has no average`() async {
    await #expect(processExitsWith: .failure) {
      _ = Trial().average.values(of: "locked")
    }
  }
}
