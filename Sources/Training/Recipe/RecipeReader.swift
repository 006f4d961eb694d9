/// Reads recipe text into a tree of places, keys and scalars, and nothing that YAML adds to them.
enum RecipeReader {
  static let maximumBytes = 1 << 20
  static let maximumDepth = 64
  static let maximumNodes = 20_000
}
