/// Why a recipe cannot be used.
public enum RecipeError: Error, Equatable, Sendable {
  /// A place in a recipe, or an override given on the command line.
  public struct Place: Equatable, Sendable {
    /// The recipe's file, or `--set KEY=VALUE`.
    public let source: String
    /// From 1; 0 where the source has no lines.
    public let line: Int
    public let column: Int
  }

  case tooLarge(file: String, byteCount: Int)
  /// Not YAML, as the parser has it.
  case malformed(Place, problem: String)
  /// YAML that recipes do without: anchors, aliases, tags, merge keys, text over several lines.
  case refused(Place, feature: String, advice: String)
  case tooDeep(Place)
  case tooManyValues(Place)
  case duplicateKey(Place, key: String)
  case unknownKey(Place, key: String, nearest: String?)
  case missingKey(Place, key: String, expected: String)
  case wrongType(Place, key: String, found: String, expected: String)
  case outOfRange(Place, key: String, found: String, expected: String)
  /// Right by itself, wrong beside another key.
  case conflict(Place, key: String, found: String, expected: String, advice: String)
  case invalidOverride(argument: String)
  case uncoveredParameter(path: String)
  case ruleWithoutEffect(rule: String)
  /// A pattern of `model.lora.layers` that matches no linear layer, and layers that are near it.
  case patternWithoutLayer(pattern: String, nearest: [String])
}

extension RecipeError.Place: CustomStringConvertible {
  public var description: String { line > 0 ? "\(source):\(line):\(column)" : source }
}

extension RecipeError: CustomStringConvertible {
  /// What was found, what was expected, what to do.
  public var description: String {
    switch self {
    case .tooLarge(let file, let byteCount):
      "\(file) has \(byteCount) bytes. A recipe has at most \(RecipeReader.maximumBytes). "
        + "Give the recipe's own file, not that of its data."
    case .malformed(let place, let problem):
      "\(place): this is not YAML: \(problem). Keys, a colon, a blank and values were expected. "
        + "Check indentation, brackets and quotes there."
    case .refused(let place, let feature, let advice):
      "\(place): \(feature) found. A recipe is plain keys, lists and values. \(advice)"
    case .tooDeep(let place):
      "\(place): lists or keys are nested deeper than \(RecipeReader.maximumDepth) levels. "
        + "Recipes need 4. Check the brackets there."
    case .tooManyValues(let place):
      "\(place): more than \(RecipeReader.maximumNodes) values found. Recipes need some dozens. "
        + "Name shards by patterns such as `train-*.tar`."
    case .duplicateKey(let place, let key):
      "\(place): `\(key)` stands here a second time. A key is given once. Remove one of the two."
    case .unknownKey(let place, let key, let nearest):
      "\(place): `\(key)` is not a key of a recipe. "
        + (nearest.map { "Did you mean `\($0)`?" } ?? "No key has a name like it.")
        + " Correct or remove it; recipes/README.md lists all keys."
    case .missingKey(let place, let key, let expected):
      "\(place): `\(key)` is missing. \(expected) was expected. Add the key."
    case .wrongType(let place, let key, let found, let expected):
      "\(place): `\(key)` is \(found). \(expected) was expected. Change the value."
    case .outOfRange(let place, let key, let found, let expected):
      "\(place): `\(key)` is \(found). The range is \(expected). Choose a value in it."
    case .conflict(let place, let key, let found, let expected, let advice):
      "\(place): `\(key)`: \(found). \(expected). \(advice)"
    case .invalidOverride(let argument):
      "`\(argument)` names no key and value. `--set` expects KEY=VALUE such as "
        + "`batch.pairs=512`. Write the key with its dots, an equals sign and the value."
    case .uncoveredParameter(let path):
      "No rule of `model.train` covers the parameter `\(path)`. Each parameter needs one. "
        + "Add a rule such as \"\(path): trained\" or \"**: locked\" at the end."
    case .ruleWithoutEffect(let rule):
      "The rule \"\(rule)\" of `model.train` decides about no parameter. Each rule is expected to "
        + "match one that no earlier rule matches. Correct its pattern, move it up or remove it."
    case .patternWithoutLayer(let pattern, let nearest):
      "The pattern \"\(pattern)\" of `model.lora.layers` matches no linear layer. Paths such as "
        + nearest.map { "`\($0)`" }.joined(separator: ", ")
        + " were expected. Correct or remove it."
    }
  }
}
