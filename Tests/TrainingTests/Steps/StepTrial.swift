import Autodiff
import CPUDevice
import Models
import TestSupport
import Testing

@testable import Training

/// One contrastive step under given settings, from fresh parameters: what most claims compare.
struct StepTrial {
  var settings: ContrastiveStep.Settings
  var threadCount = 1
  var configuration = MiniatureModel.configuration
  var products = ProductFormat.float32
  /// Whether a parameter is trained, by its path.
  var isTrained: (String) -> Bool = { _ in true }
  /// Whether the step has a ``MiniatureTeacher``.
  var hasTeacher = false

  /// - Parameter pairs: the capacity; everything in one chunk each, nothing dropped.
  init(pairs: Int) {
    settings = ContrastiveStep.Settings(
      pairs: pairs, imagesPerChunk: pairs, tokensPerChunk: pairs * MiniatureModel.contextLength,
      contextLength: MiniatureModel.contextLength, dropout: 0, repeatedPairs: .masked,
      memoryBudgetBytes: 1 << 30, seed: 9)
  }

  func with(_ change: (inout StepTrial) -> Void) -> StepTrial {
    var copy = self
    change(&copy)
    return copy
  }

  var model: DualEncoder { DualEncoder(configuration) }

  /// The parameters and the step, ready to run.
  func prepared() throws -> (
    device: CPUDevice, parameters: CPUParameters, step: ContrastiveStep
  ) {
    let device = CPUDevice(threadCount: threadCount, products: products)
    let model = model
    let parameters = device.makeParameters(
      ParameterLayout(
        trained: model.parameters.filter { isTrained($0.path) },
        locked: model.parameters.filter { !isTrained($0.path) }))
    MiniatureModel.setValues(of: parameters)
    let step = try ContrastiveStep(
      model, settings: settings, on: device, parameters: parameters,
      teacher: hasTeacher ? try MiniatureTeacher.embedder(on: device) : nil)
    return (device, parameters, step)
  }

  /// Runs one step.
  func outcome(_ batch: ContrastiveBatch, step number: Int = 1) throws -> StepOutcome {
    let (_, parameters, step) = try prepared()
    let result = try step.run(batch, step: number)
    return StepOutcome(result, parameters)
  }
}

/// Loss and gradients of a step.
struct StepOutcome: Equatable {
  let loss: Float
  let distillationLoss: Float?
  let logitScale: Float
  /// In the order of the arena.
  let gradients: [Gradient]

  struct Gradient: Equatable {
    let path: String
    let values: [Float]

    /// Equal bits; NaN equals itself here.
    static func == (left: Gradient, right: Gradient) -> Bool {
      left.path == right.path
        && left.values.map(\.bitPattern) == right.values.map(\.bitPattern)
    }
  }

  init(_ result: ContrastiveStep.Result, _ parameters: CPUParameters) {
    loss = result.loss
    distillationLoss = result.distillationLoss
    logitScale = result.logitScale
    gradients = parameters.layout.entries.filter(\.isTrained).map { entry in
      let path = entry.parameter.path
      return Gradient(path: path, values: parameters.gradient(of: path))
    }
  }

  subscript(path: String) -> [Float]? { gradients.first { $0.path == path }?.values }

  /// Which tensors differ in any bit.
  func differences(from other: StepOutcome) -> [String] {
    var names = zip(gradients, other.gradients).filter { $0 != $1 }.map(\.0.path)
    if loss.bitPattern != other.loss.bitPattern { names.append("loss") }
    if distillationLoss != other.distillationLoss { names.append("distillation loss") }
    if gradients.count != other.gradients.count { names.append("the number of gradients") }
    return names
  }

  /// What is further from the other outcome than roundings explain.
  func complaints(comparedWith other: StepOutcome, _ tolerance: Tolerance) -> [String] {
    var complaints: [String] = []
    if let complaint = tolerance.complaint("loss", [loss], reference: [Double(other.loss)]) {
      complaints.append(complaint)
    }
    // A gradient that is zero by cancellation, such as a key bias's, is judged by the largest.
    let largest = other.gradients.flatMap(\.values).map { abs(Double($0)) }.max() ?? 0
    let scaled = Tolerance(
      relativeNorm: tolerance.relativeNorm, element: tolerance.element,
      absolute: tolerance.absolute * largest, reason: tolerance.reason)
    for (own, theirs) in zip(gradients, other.gradients) {
      if let complaint = scaled.complaint(
        own.path, own.values, reference: theirs.values.map(Double.init))
      {
        complaints.append(complaint)
      }
    }
    return complaints
  }
}

extension Tolerance {
  /// Another order of Float32 additions through two towers of two blocks, and back.
  static let reordered = Tolerance(
    relativeNorm: 2e-5, element: 1e-4, absolute: 2e-6,
    reason: "The same sums, cut and added in another order.")
}
