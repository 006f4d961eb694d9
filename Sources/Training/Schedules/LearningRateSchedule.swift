internal import Glibc

/// The learning rate of each step: a function of the step alone, so resuming needs no state.
///
/// With w the warmup's steps and n all of them, step s from 0:
///
///     s < w:    base · (s + 1) / w
///     cosine:   floor + (base - floor) · (1 + cos(π · (s - w) / (n - w))) / 2
///     linear:   base · (n - s) / (n - w)
///     constant: base
///
/// Source: Loshchilov and Hutter 2017, arXiv:1608.03983, equation 5; warmup as in Goyal et
/// al. 2017, arXiv:1706.02677, section 2.2.
public struct LearningRateSchedule: Sendable, Equatable {
  /// How the rate goes on after the warmup.
  public enum Shape: Sendable, Equatable {
    case constant
    case cosine(floor: Float)
    case linear
  }

  public let shape: Shape
  public let base: Float
  public let warmupSteps: Int
  public let totalSteps: Int

  /// - Parameters:
  ///   - warmupSteps: not negative; 0 starts at the base rate.
  ///   - totalSteps: at least 1.
  public init(shape: Shape, base: Float, warmupSteps: Int, totalSteps: Int) {
    precondition(
      warmupSteps >= 0 && totalSteps >= 1,
      "A schedule of \(totalSteps) steps with a warmup of \(warmupSteps).")
    self.shape = shape
    self.base = base
    self.warmupSteps = warmupSteps
    self.totalSteps = totalSteps
  }

  /// The schedule of a recipe, whose durations become steps.
  public init(_ optimizer: Recipe.Optimizer, stepsPerEpoch: Double, totalSteps: Int) {
    let shape: Shape
    let warmup: Duration
    switch optimizer.schedule {
    case .constant: (shape, warmup) = (.constant, .steps(0))
    case .cosine(let duration, let floor): (shape, warmup) = (.cosine(floor: floor), duration)
    case .linear(let duration): (shape, warmup) = (.linear, duration)
    }
    self.init(
      shape: shape, base: optimizer.learningRate,
      warmupSteps: warmup.steps(stepsPerEpoch: stepsPerEpoch, totalSteps: totalSteps),
      totalSteps: totalSteps)
  }

  /// The rate of a step. - Parameter step: from 0; from `totalSteps` on the rate of the end stays.
  public func rate(step: Int) -> Float {
    precondition(step >= 0, "Step \(step) of a schedule; steps count from 0.")
    if step < warmupSteps {
      return Float(Double(base) * Double(step + 1) / Double(warmupSteps))
    }
    let fallSteps = max(1, totalSteps - warmupSteps)
    let progress = min(1, Double(step - warmupSteps) / Double(fallSteps))
    switch shape {
    case .constant: return base
    case .linear: return Float(Double(base) * (1 - progress))
    case .cosine(let floor):
      let height = Double(base) - Double(floor)
      return Float(Double(floor) + 0.5 * height * (1 + cos(.pi * progress)))
    }
  }
}
