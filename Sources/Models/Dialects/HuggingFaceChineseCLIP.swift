/// Parameter names of Hugging Face's `ChineseCLIPModel` (transformers,
/// `models/chinese_clip/modeling_chinese_clip.py`), whose tensors have the same shapes as ours.
public enum HuggingFaceChineseCLIP {
  /// Whether the library has such a model: its image tower is a vision transformer.
  public static func covers(_ configuration: DualEncoder.Configuration) -> Bool {
    if case .visionTransformer = configuration.image { true } else { false }
  }

  /// One entry for each of the model's parameters, in the model's order.
  ///
  /// - Parameter configuration: one that the library ``covers(_:)``.
  public static func entries(for configuration: DualEncoder.Configuration) -> [DialectEntry] {
    guard case .visionTransformer(let image) = configuration.image else {
      preconditionFailure("ChineseCLIPModel has no residual tower; ask `covers` first.")
    }
    return self.image(image) + text(configuration.text) + [
      DialectEntry("logit_scale", "logit_scale")
    ]
  }

  private static func image(_ configuration: VisionTransformer.Configuration) -> [DialectEntry] {
    let embeddings = "vision_model.embeddings"
    var entries = [
      DialectEntry("image/patch_embedding/weight", "\(embeddings).patch_embedding.weight"),
      DialectEntry("image/class_embedding", "\(embeddings).class_embedding"),
      DialectEntry("image/positions", "\(embeddings).position_embedding.weight"),
    ]
    // The library's own spelling.
    entries += pair("image/pre_norm", "vision_model.pre_layrnorm")
    for index in 0..<configuration.depth {
      let (ours, theirs) = ("image/blocks/\(index)", "vision_model.encoder.layers.\(index)")
      entries += pair("\(ours)/attention_norm", "\(theirs).layer_norm1")
      entries += pair("\(ours)/attention/query", "\(theirs).self_attn.q_proj")
      entries += pair("\(ours)/attention/key", "\(theirs).self_attn.k_proj")
      entries += pair("\(ours)/attention/value", "\(theirs).self_attn.v_proj")
      entries += pair("\(ours)/attention/output", "\(theirs).self_attn.out_proj")
      entries += pair("\(ours)/mlp_norm", "\(theirs).layer_norm2")
      entries += pair("\(ours)/mlp/hidden", "\(theirs).mlp.fc1")
      entries += pair("\(ours)/mlp/output", "\(theirs).mlp.fc2")
    }
    entries += pair("image/post_norm", "vision_model.post_layernorm")
    return entries + [DialectEntry("image/projection/weight", "visual_projection.weight")]
  }

  private static func text(_ configuration: BERT.Configuration) -> [DialectEntry] {
    let embeddings = "text_model.embeddings"
    var entries = [
      DialectEntry("text/embeddings/words", "\(embeddings).word_embeddings.weight"),
      DialectEntry("text/embeddings/positions", "\(embeddings).position_embeddings.weight"),
      DialectEntry("text/embeddings/token_types", "\(embeddings).token_type_embeddings.weight"),
    ]
    entries += pair("text/embeddings/norm", "\(embeddings).LayerNorm")
    for index in 0..<configuration.depth {
      let (ours, theirs) = ("text/blocks/\(index)", "text_model.encoder.layer.\(index)")
      entries += pair("\(ours)/attention/query", "\(theirs).attention.self.query")
      entries += pair("\(ours)/attention/key", "\(theirs).attention.self.key")
      entries += pair("\(ours)/attention/value", "\(theirs).attention.self.value")
      entries += pair("\(ours)/attention/output", "\(theirs).attention.output.dense")
      entries += pair("\(ours)/attention_norm", "\(theirs).attention.output.LayerNorm")
      entries += pair("\(ours)/mlp/hidden", "\(theirs).intermediate.dense")
      entries += pair("\(ours)/mlp/output", "\(theirs).output.dense")
      entries += pair("\(ours)/mlp_norm", "\(theirs).output.LayerNorm")
    }
    return entries + [DialectEntry("text/projection/weight", "text_projection.weight")]
  }

  private static func pair(_ ours: String, _ theirs: String) -> [DialectEntry] {
    ["weight", "bias"].map { DialectEntry("\(ours)/\($0)", "\(theirs).\($0)") }
  }
}
