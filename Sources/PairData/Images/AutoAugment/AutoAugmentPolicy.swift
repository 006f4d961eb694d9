/// AutoAugment's policy for ImageNet as Chinese-CLIP trains with it: 25 sub-policies of two steps.
///
/// Source: Cubuk, Zoph, Mane, Vasudevan and Le 2019, arXiv:1805.09501, table 9, with arguments
/// that timm's policy `original` gives the magnitudes: up to 30 degrees, a shear of up to 0.3, four
/// to eight bits kept, an enhancement by magnitude / 10 * 1.8 + 0.1.
enum AutoAugmentPolicy {
  enum Kind: Hashable, Sendable {
    case rotate, shearX, posterize, solarize, invert, autoContrast, equalize
    case color, contrast, sharpness
  }

  struct Step: Hashable, Sendable {
    let kind: Kind
    /// How often it is done when its sub-policy is drawn.
    let probability: Double
    /// From 0 to 10.
    let magnitude: Int

    init(_ kind: Kind, _ probability: Double, _ magnitude: Int) {
      self.kind = kind
      self.probability = probability
      self.magnitude = magnitude
    }

    /// The step with its argument; `isNegative` turns or shears the other way.
    func operation(isNegative: Bool) -> PictureOperation {
      let share = Double(magnitude) / 10
      let sign: Double = isNegative ? -1 : 1
      let factor = Float(share * 1.8 + 0.1)
      return switch kind {
      case .rotate: .rotate(degrees: sign * (share * 30))
      case .shearX: .shearX(factor: sign * (share * 0.3))
      case .posterize: .posterize(keptBits: 4 + Int(share * 4))
      case .solarize: .solarize(threshold: min(256, Int(share * 256)))
      case .invert: .invert
      case .autoContrast: .autoContrast
      case .equalize: .equalize
      case .color: .color(factor: factor)
      case .contrast: .contrast(factor: factor)
      case .sharpness: .sharpness(factor: factor)
      }
    }
  }

  struct SubPolicy: Hashable, Sendable {
    let first: Step
    let second: Step

    init(_ first: Step, _ second: Step) {
      self.first = first
      self.second = second
    }
  }

  /// Some stand twice, and so are drawn twice as often.
  static let subPolicies: [SubPolicy] = [
    SubPolicy(Step(.posterize, 0.4, 8), Step(.rotate, 0.6, 9)),
    SubPolicy(Step(.solarize, 0.6, 5), Step(.autoContrast, 0.6, 5)),
    SubPolicy(Step(.equalize, 0.8, 8), Step(.equalize, 0.6, 3)),
    SubPolicy(Step(.posterize, 0.6, 7), Step(.posterize, 0.6, 6)),
    SubPolicy(Step(.equalize, 0.4, 7), Step(.solarize, 0.2, 4)),
    SubPolicy(Step(.equalize, 0.4, 4), Step(.rotate, 0.8, 8)),
    SubPolicy(Step(.solarize, 0.6, 3), Step(.equalize, 0.6, 7)),
    SubPolicy(Step(.posterize, 0.8, 5), Step(.equalize, 1, 2)),
    SubPolicy(Step(.rotate, 0.2, 3), Step(.solarize, 0.6, 8)),
    SubPolicy(Step(.equalize, 0.6, 8), Step(.posterize, 0.4, 6)),
    SubPolicy(Step(.rotate, 0.8, 8), Step(.color, 0.4, 0)),
    SubPolicy(Step(.rotate, 0.4, 9), Step(.equalize, 0.6, 2)),
    SubPolicy(Step(.equalize, 0, 7), Step(.equalize, 0.8, 8)),
    SubPolicy(Step(.invert, 0.6, 4), Step(.equalize, 1, 8)),
    SubPolicy(Step(.color, 0.6, 4), Step(.contrast, 1, 8)),
    SubPolicy(Step(.rotate, 0.8, 8), Step(.color, 1, 2)),
    SubPolicy(Step(.color, 0.8, 8), Step(.solarize, 0.8, 7)),
    SubPolicy(Step(.sharpness, 0.4, 7), Step(.invert, 0.6, 8)),
    SubPolicy(Step(.shearX, 0.6, 5), Step(.equalize, 1, 9)),
    SubPolicy(Step(.color, 0.4, 0), Step(.equalize, 0.6, 3)),
    SubPolicy(Step(.equalize, 0.4, 7), Step(.solarize, 0.2, 4)),
    SubPolicy(Step(.solarize, 0.6, 5), Step(.autoContrast, 0.6, 5)),
    SubPolicy(Step(.invert, 0.6, 4), Step(.equalize, 1, 8)),
    SubPolicy(Step(.color, 0.6, 4), Step(.contrast, 1, 8)),
    SubPolicy(Step(.equalize, 0.8, 8), Step(.equalize, 0.6, 3)),
  ]

  /// What one picture gets this time: none, one or two operations, in their order.
  static func operations(using random: inout some RandomNumberGenerator) -> [PictureOperation] {
    let chosen = subPolicies[Int.random(in: subPolicies.indices, using: &random)]
    var operations: [PictureOperation] = []
    for step in [chosen.first, chosen.second] {
      guard Double.random(in: 0..<1, using: &random) < step.probability else { continue }
      operations.append(step.operation(isNegative: Bool.random(using: &random)))
    }
    return operations
  }
}
