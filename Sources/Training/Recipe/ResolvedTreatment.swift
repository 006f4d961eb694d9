internal import Autodiff
internal import Models

/// What becomes of a parameter in training: its rule, and what the recipe says of all parameters.
struct ResolvedTreatment: Equatable {
  static let locked = ResolvedTreatment(isTrained: false, rate: 0, decay: 0)

  let isTrained: Bool
  /// The share of the learning rate.
  let rate: Float
  /// The share of the weight decay.
  let decay: Float
}

extension Recipe {
  /// The treatment of each of a model's parameters, in their order.
  ///
  /// - Throws: as ``ParameterRules/resolve(paths:)``.
  func treatments(of encoder: DualEncoder) throws(RecipeError) -> [ResolvedTreatment] {
    let parameters = encoder.parameters
    let ruled = try model.rules.resolve(parameters)
    let layerRates = LayerRates(decay: optimizer.layerRateDecay, of: encoder)
    return zip(parameters, ruled).map { parameter, rule in
      guard rule.isTrained else { return .locked }
      return ResolvedTreatment(
        isTrained: true, rate: rule.rate * layerRates.share(of: parameter),
        decay: rule.decay ?? (optimizer.decayExclusions.decays(parameter) ? 1 : 0))
    }
  }
}
