/// A stretch of training with its unit: `5000 steps`, `2.5 epochs`, `3 %` of the whole.
public enum Duration: Sendable, Equatable {
  case steps(Int)
  case epochs(Double)
  case percent(Double)

  /// The steps of this stretch: epochs to their end, so rounded up, a percentage to the nearest;
  /// none only of a stretch of nothing.
  ///
  /// - Parameters:
  ///   - stepsPerEpoch: at least 1, whole or not.
  ///   - totalSteps: the length of the run, of which a percentage is taken.
  public func steps(stepsPerEpoch: Double, totalSteps: Int) -> Int {
    switch self {
    case .steps(let count): count
    case .epochs(let count):
      count > 0 ? max(1, Duration.limited((count * stepsPerEpoch - 1e-9).rounded(.up))) : 0
    case .percent(let share):
      share > 0 ? max(1, Duration.limited((share / 100 * Double(totalSteps)).rounded())) : 0
    }
  }

  /// Whether something done every so often is due after a step: after every so many, or, of epochs,
  /// after the first step with which so many more of them have ended, damaged pairs counted.
  func isDue(after step: Int, stepsPerEpoch: Double, totalSteps: Int) -> Bool {
    guard case .epochs(let count) = self else {
      return step % max(1, steps(stepsPerEpoch: stepsPerEpoch, totalSteps: totalSteps)) == 0
    }
    let period = count * stepsPerEpoch
    func ended(_ step: Int) -> Double { (Double(step) / period + 1e-9).rounded(.down) }
    return period <= 1 || ended(step) > ended(step - 1)
  }

  /// Reads `5000 steps`, `1 step`, `20 epochs`, `1 epoch`, `3 %` or `3%`; numbers are not negative.
  ///
  /// - Returns: nothing for any other text.
  public init?(_ text: String) {
    guard let quantity = UnitText(text) else { return nil }
    switch quantity.unit {
    case "step", "steps":
      guard let count = PlainNumber.integer(quantity.number), count >= 0 else { return nil }
      self = .steps(count)
    case "epoch", "epochs":
      guard let count = PlainNumber.decimal(quantity.number), count >= 0 else { return nil }
      self = .epochs(count)
    case "%":
      guard let share = PlainNumber.decimal(quantity.number), share >= 0 else { return nil }
      self = .percent(share)
    default: return nil
    }
  }

  /// A count that any product above fits in: more steps than anybody trains.
  private static let stepLimit = 1 << 52

  private static func limited(_ count: Double) -> Int {
    count < Double(stepLimit) ? Int(count) : stepLimit
  }
}

extension Duration: CustomStringConvertible {
  public var description: String {
    switch self {
    case .steps(let count): count == 1 ? "1 step" : "\(count) steps"
    case .epochs(let count): count == 1 ? "1 epoch" : "\(PlainNumber.text(count)) epochs"
    case .percent(let share): "\(PlainNumber.text(share)) %"
    }
  }
}
