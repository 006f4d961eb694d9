internal import Autodiff

/// Which parameters have no weight decay where the rule that trains them says nothing of it.
public enum DecayExclusions: String, Sendable, CaseIterable {
  /// Norm scales, biases, class embeddings and the logit scale: they scale or shift, they mix
  /// nothing.
  case oneDimensional = "one_dimensional"
  /// Those that Chinese-CLIP's own training leaves out.
  case chineseCLIP = "chinese_clip"
  case nothing = "none"

  /// Whether a parameter decays.
  func decays(_ parameter: Parameter) -> Bool {
    switch self {
    case .oneDimensional: parameter.sizes.count > 1
    case .chineseCLIP:
      Self.chineseCLIPRules.first { $0.pattern.matches(parameter.path) }?.decays ?? true
    case .nothing: true
    }
  }
}

extension DecayExclusions {
  /// A line of a list; the first whose pattern matches a path decides.
  private struct Rule {
    let pattern: ParameterPattern
    let decays: Bool

    init(_ text: String, decays: Bool) {
      guard let pattern = ParameterPattern(text) else {
        preconditionFailure("\(text) is no pattern of paths.")
      }
      self.pattern = pattern
      self.decays = decays
    }
  }

  /// What the original's test says, which looks for `bn`, `ln`, `bias` and `logit_scale` in its own
  /// names (cn_clip/training/main.py).
  ///
  /// Two kinds of norm slip through it, and decay: BERT's, called `LayerNorm`, and that of a
  /// residual block's shortcut, called `downsample.1`.
  private static let chineseCLIPRules = [
    Rule("logit_scale", decays: false),
    Rule("**/bias", decays: false),
    // ln_pre, ln_1, ln_2, ln_post
    Rule("image/*_norm/weight", decays: false),
    Rule("image/blocks/*/*_norm/weight", decays: false),
    // downsample.1, then bn1, bn2, bn3
    Rule("image/layers/*/*/shortcut/norm/weight", decays: true),
    Rule("image/**/norm/weight", decays: false),
    Rule("**", decays: true),
  ]
}
