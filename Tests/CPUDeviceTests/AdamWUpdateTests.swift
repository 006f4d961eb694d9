import Autodiff
import CPUDevice
import Foundation
import TestSupport
import Testing

/// Updates over the flat arenas against a plain optimizer in Double.
@Suite struct AdamWUpdateTests {
  /// Two groups; `silent` never receives a gradient, `locked` never an update.
  static let decayed = [
    Parameter(path: "wide", sizes: [300, 131], initializer: .zeros),
    Parameter(path: "silent", sizes: [5, 3], initializer: .zeros),
  ]
  static let undecayed = [Parameter(path: "bias", sizes: [131], initializer: .zeros)]
  static let locked = [Parameter(path: "locked", sizes: [77], initializer: .zeros)]
  static let maximumNorm = 0.75
  static let hyperparameters = AdamWUpdate.Hyperparameters(
    firstBeta: 0.9, secondBeta: 0.98, epsilon: 1e-6)

  static func rate(_ step: Int) -> Float { 0.01 / Float(step) }

  /// Gradients of one step; they vary in size, so that some steps are clipped and others not.
  static func gradient(of parameter: Parameter, step: Int) -> [Float] {
    if parameter.path == "silent" { return [Float](repeating: 0, count: parameter.elementCount) }
    var generator = SeededGenerator(seed: UInt64(step), label: parameter.path)
    let size: Float = step.isMultiple(of: 2) ? 0.0001 : 0.1
    return generator.floats(parameter.elementCount, in: -size...size)
  }

  /// Optimizer and arenas on some number of threads, with start values.
  private struct Trial {
    let device: CPUDevice
    let parameters: CPUParameters
    let optimizer: AdamWUpdate

    /// - Parameter updatesBias: whether it is in a group.
    init(threadCount: Int, updatesBias: Bool = true) throws {
      device = CPUDevice(threadCount: threadCount)
      let trained = decayed + undecayed
      parameters = device.makeParameters(ParameterLayout(trained: trained, locked: locked))
      for parameter in trained + locked {
        var generator = SeededGenerator(seed: 1, label: parameter.path)
        parameters.setValues(generator.floats(parameter.elementCount), of: parameter.path)
      }
      let border = try #require(parameters.layout["bias"]).offset
      let groups = [
        AdamWUpdate.Group(range: 0..<border, rateFactor: 1, weightDecay: 0.2),
        AdamWUpdate.Group(
          range: border..<parameters.layout.trainedElementCount, rateFactor: 0.5, weightDecay: 0),
      ]
      optimizer = AdamWUpdate(
        parameters, device: device, hyperparameters: hyperparameters,
        groups: updatesBias ? groups : [groups[0]])
    }

    func setGradients(step: Int) {
      parameters.clearGradients()
      for entry in parameters.layout.entries where entry.isTrained {
        let gradient = gradient(of: entry.parameter, step: step)
        for (index, value) in gradient.enumerated() {
          parameters.gradients[entry.offset + index] = value
        }
      }
    }

    /// Clips to the maximum norm and updates.
    func update(step: Int) {
      setGradients(step: step)
      let norm = parameters.gradientNorm(on: device)
      optimizer.apply(
        updateCount: step, learningRate: rate(step),
        gradientScale: min(1, Float(maximumNorm) / norm))
    }
  }

  /// PyTorch's AdamW after clipping by global norm, element by element.
  private struct PlainOptimizer {
    var values: [String: [Double]] = [:]
    var first: [String: [Double]] = [:]
    var second: [String: [Double]] = [:]

    mutating func update(step: Int) {
      let all = decayed + undecayed
      let squares = all.flatMap { gradient(of: $0, step: step) }.reduce(0.0) {
        $0 + Double($1) * Double($1)
      }
      let clip = min(1, maximumNorm / squares.squareRoot())
      let corrections = (1 - pow(0.9, Double(step)), 1 - pow(0.98, Double(step)))
      for parameter in all {
        let isDecayed = decayed.contains(parameter)
        let rate = Double(rate(step)) * (isDecayed ? 1 : 0.5)
        let path = parameter.path
        let zeros = [Double](repeating: 0, count: parameter.elementCount)
        let gradients = gradient(of: parameter, step: step).map { clip * Double($0) }
        let m = zip(first[path] ?? zeros, gradients).map { 0.9 * $0 + 0.1 * $1 }
        let v = zip(second[path] ?? zeros, gradients).map { 0.98 * $0 + 0.02 * $1 * $1 }
        (first[path], second[path]) = (m, v)
        let kept = 1 - rate * (isDecayed ? 0.2 : 0)
        values[path] = (values[path] ?? zeros).enumerated().map { index, value in
          value * kept
            - rate * (m[index] / corrections.0) / ((v[index] / corrections.1).squareRoot() + 1e-6)
        }
      }
    }
  }

  @Test func `clipped updates of two groups equal the plain optimizer's`() throws {
    let trial = try Trial(threadCount: 2)
    var plain = PlainOptimizer()
    for entry in trial.parameters.layout.entries {
      let path = entry.parameter.path
      plain.values[path] = trial.parameters.values(of: path).map(Double.init)
    }
    // Values near 1 keep a rounding of 6e-8 a step.
    let tolerance = Tolerance(
      relativeNorm: 1e-6, element: 2e-6, absolute: 1e-7, reason: "Six roundings an element.")
    for step in 1...6 {
      trial.update(step: step)
      plain.update(step: step)
      for (path, expected) in plain.values.sorted(by: { $0.key < $1.key }) {
        let found = trial.parameters.values(of: path)
        #expect(tolerance.complaint(path, found, reference: expected) == nil, "step \(step)")
      }
    }
    for (path, expected) in plain.second.sorted(by: { $0.key < $1.key }) {
      let found = Array(trial.optimizer.secondMoments(of: path))
      #expect(tolerance.complaint(path, found, reference: expected) == nil)
      let moments = Array(trial.optimizer.firstMoments(of: path))
      let firsts = try #require(plain.first[path])
      #expect(tolerance.complaint(path, moments, reference: firsts) == nil)
    }
  }

  @Test func `a tensor without gradients only decays`() throws {
    let trial = try Trial(threadCount: 1)
    var expected = trial.parameters.values(of: "silent").map(Double.init)
    for step in 1...4 {
      trial.update(step: step)
      expected = expected.map { $0 * (1 - Double(Self.rate(step)) * 0.2) }
    }
    let found = trial.parameters.values(of: "silent")
    #expect(Tolerance.elementwise.complaint("silent", found, reference: expected) == nil)
    #expect(trial.optimizer.firstMoments(of: "silent").allSatisfy { $0 == 0 })
  }

  @Test func `locked parameters and those outside all groups keep their values`() throws {
    let trial = try Trial(threadCount: 1, updatesBias: false)
    func values() -> [[Float]] { ["locked", "bias", "wide"].map(trial.parameters.values(of:)) }
    let before = values()
    trial.update(step: 1)
    let after = values()
    #expect(after[0] == before[0] && after[1] == before[1])
    #expect(after[2] != before[2], "A group's own values are updated.")
  }

  @Test func `several threads update to the bits of one`() throws {
    let (one, three) = (try Trial(threadCount: 1), try Trial(threadCount: 3))
    for step in 1...3 {
      one.update(step: step)
      three.update(step: step)
    }
    for path in ["wide", "silent", "bias"] {
      #expect(three.parameters.values(of: path) == one.parameters.values(of: path))
    }
    #expect(
      three.parameters.gradientNorm(on: three.device)
        == one.parameters.gradientNorm(on: one.device))
  }

  @Test func `clipping to a norm gives the gradient of that norm`() throws {
    let trial = try Trial(threadCount: 2)
    trial.setGradients(step: 1)
    let squares = (Self.decayed + Self.undecayed).flatMap {
      Self.gradient(of: $0, step: 1)
    }.reduce(0.0) { $0 + Double($1) * Double($1) }
    let norm = Double(trial.parameters.gradientNorm(on: trial.device))
    #expect(abs(norm - squares.squareRoot()) < 1e-6 * norm)
    #expect(norm > Self.maximumNorm, "Step 1 is clipped.")
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity, 3e38])
  func `the norm tells of any gradient that no update may use`(damage: Float) throws {
    let trial = try Trial(threadCount: 2)
    let last = try #require(trial.parameters.layout["bias"])
    for place in [0, 39_299, last.offset + 130] {
      trial.setGradients(step: 1)
      #expect(trial.parameters.gradientNorm(on: trial.device).isFinite)
      trial.parameters.gradients[place] = damage
      if damage == 3e38 { trial.parameters.gradients[place + 1 - 2 * (place % 2)] = damage }
      #expect(!trial.parameters.gradientNorm(on: trial.device).isFinite, "at \(place)")
    }
  }
}
