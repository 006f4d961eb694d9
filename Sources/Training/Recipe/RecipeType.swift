/// What a key of a recipe takes, and how that is read from the text that stands there.
enum RecipeType: Sendable {
  /// The name of a run, and so of its folders.
  case name
  case path
  /// One pattern of shards, or a list of them.
  case patterns
  case integer(ClosedRange<Int>)
  /// A list of so many whole numbers.
  case integers(count: Int, ClosedRange<Int>)
  /// `all`, or a number of threads.
  case threads
  case number(NumberRange)
  case pair(NumberRange)
  case boolean
  /// One of these words, or in their place one of these groups of keys.
  case choice([String], orGroups: [String] = [])
  case duration(allowsPercent: Bool, allowsNothing: Bool)
  /// `1 %` of the pairs.
  case share
  case bytes
  /// `5 worse`.
  case worse
  case rules
  /// A list of patterns over paths of a model.
  case parameterPatterns
  case augmentation
  case captions

  /// What is expected, for messages and the table of keys.
  var expectation: String {
    switch self {
    case .name: "a name of letters, digits, `_`, `-` and `.`"
    case .path: "a path, relative to the recipe"
    case .patterns: "a pattern of shards, or a list of them"
    case .integer(let range):
      range.upperBound == .max
        ? "a whole number from \(range.lowerBound)"
        : "a whole number from \(range.lowerBound) to \(range.upperBound)"
    case .integers(let count, let range):
      "a list of \(count) whole numbers from \(range.lowerBound) to \(range.upperBound)"
    case .threads: "`all`, or a whole number from 1 to 1024"
    case .number(let range): "a number \(range)"
    case .pair(let range): "a list of two numbers \(range)"
    case .boolean: "`true` or `false`"
    case .choice(let words, let groups):
      (words.map { "`\($0)`" } + groups.map { "a group `\($0)`" }).joined(separator: " or ")
    case .duration(let allowsPercent, _):
      allowsPercent ? "`N steps`, `N epochs` or `N %`" : "`N steps` or `N epochs`"
    case .share: "a share of the pairs from `0 %` to `100 %`"
    case .bytes: "an amount such as `4 GiB` or `512 MiB`, from `1 MiB`"
    case .worse: "a count of validations such as `5 worse`"
    case .rules: "a list of rules such as \"image/**: locked\""
    case .parameterPatterns: "a list of patterns such as \"text/blocks/*/attention/**\""
    case .augmentation: "`none`, `chinese_clip`, `crop(a, b)` with 0 < a ≤ b ≤ 1, or `roll(n)`"
    case .captions: "`txt`, a JSON field, or `FIELD:first`"
    }
  }
}

/// The numbers a key takes: between two limits, the lower one itself perhaps left out.
struct NumberRange: Sendable, CustomStringConvertible {
  let lower: Double
  let upper: Double
  let includesLower: Bool
  let includesUpper: Bool

  static func from(_ lower: Double, to upper: Double) -> NumberRange {
    NumberRange(lower: lower, upper: upper, includesLower: true, includesUpper: true)
  }

  static func above(_ lower: Double, to upper: Double) -> NumberRange {
    NumberRange(lower: lower, upper: upper, includesLower: false, includesUpper: true)
  }

  static func above(_ lower: Double, below upper: Double) -> NumberRange {
    NumberRange(lower: lower, upper: upper, includesLower: false, includesUpper: false)
  }

  static func from(_ lower: Double, below upper: Double) -> NumberRange {
    NumberRange(lower: lower, upper: upper, includesLower: true, includesUpper: false)
  }

  /// Judged as the Float that training computes with.
  func contains(_ value: Double) -> Bool {
    let (value, lower, upper) = (Float(value), Float(lower), Float(upper))
    guard value.isFinite else { return false }
    return (includesLower ? value >= lower : value > lower)
      && (includesUpper ? value <= upper : value < upper)
  }

  var description: String {
    (includesLower ? "from \(PlainNumber.text(lower))" : "above \(PlainNumber.text(lower))")
      + (includesUpper ? " to \(PlainNumber.text(upper))" : " and below \(PlainNumber.text(upper))")
  }
}
