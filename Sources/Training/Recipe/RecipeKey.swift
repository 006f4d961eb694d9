/// A key of the recipe: where it stands, what it takes, and what it does.
struct RecipeKey: Sendable {
  enum Presence: Sendable {
    case required
    /// The value where the key is left out, as a recipe would have it.
    case fallback(String)
    /// Left out, something else stands in or nothing is done; the text says which.
    case optional(String)
  }

  /// The keys on the way, with dots: `optimizer.adamw.epsilon`.
  let path: String
  let type: RecipeType
  let presence: Presence
  /// One sentence for the table of keys.
  let effect: String
}
