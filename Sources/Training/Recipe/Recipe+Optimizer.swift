extension Recipe {
  /// AdamW and what steers it.
  public struct Optimizer: Sendable, Equatable {
    public let learningRate: Float
    public let firstBeta: Float
    public let secondBeta: Float
    public let epsilon: Float
    /// The decay of weights.
    public let weightDecay: Float
    /// What does not decay unless a rule says so.
    public let decayExclusions: DecayExclusions
    public let schedule: Schedule
    /// Gradients of a larger norm are scaled down to it.
    public let clipGradientNorm: Float?
    /// What each layer of a tower keeps of the rate of the one behind it, (0, 1].
    public let layerRateDecay: Float
    /// What an average of the weights keeps of itself in an update, (0, 1); nothing for no average.
    public let averageDecay: Float?
  }

  public enum Schedule: Sendable, Equatable {
    case constant
    /// Up from nothing, then down to `floor` along half a cosine.
    case cosine(warmup: Duration, floor: Float)
    /// Up from nothing, then down to nothing along a line.
    case linear(warmup: Duration)
  }
}

extension Recipe.Schedule {
  /// The warm-up and its key; nothing where the rate is constant.
  var warmup: (key: String, duration: Duration)? {
    switch self {
    case .constant: nil
    case .cosine(let warmup, _): ("optimizer.schedule.cosine.warmup", warmup)
    case .linear(let warmup): ("optimizer.schedule.linear.warmup", warmup)
    }
  }
}
