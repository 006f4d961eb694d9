internal import Autodiff

/// What one rule of a recipe says of the parameters it wins.
public struct ParameterTreatment: Sendable, Equatable {
  /// Of what no rule is asked about.
  static let locked = ParameterTreatment(isTrained: false, rate: 0, decay: nil)

  public let isTrained: Bool
  /// The share of the learning rate, at least 0.
  public let rate: Float
  /// The share of the weight decay; nothing where the rule leaves it to ``DecayExclusions``.
  public let decay: Float?
}

/// A line of `model.train`: `text/embeddings/**: trained, decay 0, rate 0.5`.
public struct ParameterRule: Sendable, Equatable {
  public let pattern: ParameterPattern
  public let treatment: ParameterTreatment
}

/// The ordered rules of a recipe; the first whose pattern matches a parameter's path decides.
public struct ParameterRules: Sendable, Equatable {
  public let rules: [ParameterRule]

  /// The treatment of each path, in the order given.
  ///
  /// - Throws: `uncoveredParameter` for a path that no rule matches, `ruleWithoutEffect` for a rule
  ///   that decides about nothing: a misspelled pattern, or one that earlier rules hide.
  public func resolve(paths: [String]) throws(RecipeError) -> [ParameterTreatment] {
    var winsOf = Array(repeating: 0, count: rules.count)
    var treatments: [ParameterTreatment] = []
    for path in paths {
      guard let index = rules.firstIndex(where: { $0.pattern.matches(path) }) else {
        throw .uncoveredParameter(path: path)
      }
      winsOf[index] += 1
      treatments.append(rules[index].treatment)
    }
    if let idle = winsOf.firstIndex(of: 0) {
      throw .ruleWithoutEffect(rule: rules[idle].description)
    }
    return treatments
  }
}

extension ParameterRules {
  /// The treatment of each parameter, in the order given; running statistics are no rule's affair.
  ///
  /// - Throws: as ``resolve(paths:)``.
  func resolve(_ parameters: [Parameter]) throws(RecipeError) -> [ParameterTreatment] {
    var found = try resolve(paths: parameters.filter(\.isLearned).map(\.path))[...]
    return parameters.map { $0.isLearned ? found.removeFirst() : .locked }
  }
}

extension ParameterRule {
  /// Reads `PATTERN: locked` or `PATTERN: trained[, decay NUMBER][, rate NUMBER]`.
  ///
  /// - Returns: nothing for any other text, a negative number or one above 1,000.
  init?(_ text: String) {
    guard let colon = text.firstIndex(of: ":"),
      let pattern = ParameterPattern(String(text[..<colon]))
    else { return nil }
    let words = text[text.index(after: colon)...].split(
      separator: ",", omittingEmptySubsequences: false
    ).map { $0.split(separator: " ") }
    self.pattern = pattern
    if words.count == 1, words[0] == ["locked"] {
      treatment = .locked
      return
    }
    guard words[0] == ["trained"] else { return nil }
    var rate: Float?
    var decay: Float?
    for option in words.dropFirst() {
      guard option.count == 2, let number = PlainNumber.decimal(option[1]),
        (0...1000).contains(number)
      else { return nil }
      switch option[0] {
      case "rate" where rate == nil: rate = Float(number)
      case "decay" where decay == nil: decay = Float(number)
      default: return nil
      }
    }
    treatment = ParameterTreatment(isTrained: true, rate: rate ?? 1, decay: decay)
  }
}

extension ParameterRule: CustomStringConvertible {
  public var description: String {
    guard treatment.isTrained else { return "\(pattern.text): locked" }
    var text = "\(pattern.text): trained"
    if let decay = treatment.decay { text += ", decay \(PlainNumber.text(decay))" }
    if treatment.rate != 1 { text += ", rate \(PlainNumber.text(treatment.rate))" }
    return text
  }
}
