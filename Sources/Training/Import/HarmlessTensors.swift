/// Tensors that files hold besides a model's weights, and why nothing is lost with them.
///
/// What is not in these lists is an error: a weight that is left out unnoticed costs more than a
/// list that has to grow.
struct HarmlessTensors {
  private let rules: [(isMeant: @Sendable (String) -> Bool, reason: String)]

  /// - Returns: the reason; nothing for a tensor that no rule knows.
  func reason(for name: String) -> String? { rules.first { $0.isMeant(name) }?.reason }

  private static let numbering =
    "the numbers of the positions or token types, which are no weights"
  private static let pooler = "a pooler, which Chinese-CLIP's towers do not use"

  private static func named(_ names: String...) -> @Sendable (String) -> Bool {
    { names.contains($0) }
  }

  private static func under(_ prefixes: String...) -> @Sendable (String) -> Bool {
    { name in prefixes.contains { name.hasPrefix($0) } }
  }

  static let huggingFace = HarmlessTensors(rules: [
    (
      named(
        "text_model.embeddings.position_ids", "text_model.embeddings.token_type_ids",
        "vision_model.embeddings.position_ids"), numbering
    ),
    (under("text_model.pooler."), pooler),
  ])

  static let original = HarmlessTensors(rules: [
    (named("bert.embeddings.position_ids", "bert.embeddings.token_type_ids"), numbering),
    (under("bert.pooler."), pooler),
  ])

  /// Of OpenAI's CLIP, where only its image tower is wanted.
  static let clip = HarmlessTensors(rules: [
    (
      under(
        "transformer.", "token_embedding.", "ln_final.", "positional_embedding",
        "text_projection"), "CLIP's own text tower, in whose place the other one comes"
    ),
    (
      named("input_resolution", "context_length", "vocab_size"),
      "a size, which the shapes of the weights show too"
    ),
  ])

  /// Of a BERT, where only its tower is wanted.
  static let bert = HarmlessTensors(rules: [
    (named("bert.embeddings.position_ids", "bert.embeddings.token_type_ids"), numbering),
    (under("bert.pooler."), pooler),
    (under("cls."), "a head of the pre-training"),
  ])
}
