/// Parameter names of Chinese-CLIP checkpoints (`cn_clip/clip/model.py`), without `module.`.
public enum ChineseCLIP {
  /// One entry for each of the model's parameters, in the model's order.
  public static func entries(for configuration: DualEncoder.Configuration) -> [DialectEntry] {
    image(configuration.image) + text(configuration.text) + [
      DialectEntry("logit_scale", "logit_scale")
    ]
  }

  private static func image(_ configuration: ImageTower.Configuration) -> [DialectEntry] {
    switch configuration {
    case .visionTransformer(let configuration): image(configuration)
    case .modifiedResNet(let configuration): image(configuration)
    }
  }

  private static func image(_ configuration: VisionTransformer.Configuration) -> [DialectEntry] {
    var entries = [
      DialectEntry("image/patch_embedding/weight", "visual.conv1.weight"),
      DialectEntry("image/class_embedding", "visual.class_embedding"),
      DialectEntry("image/positions", "visual.positional_embedding"),
    ]
    entries += pair("image/pre_norm", "visual.ln_pre")
    for index in 0..<configuration.depth {
      let (ours, theirs) = ("image/blocks/\(index)", "visual.transformer.resblocks.\(index)")
      entries += pair("\(ours)/attention_norm", "\(theirs).ln_1")
      for (part, name) in ["query", "key", "value"].enumerated() {
        entries += [
          DialectEntry(
            "\(ours)/attention/\(name)/weight", "\(theirs).attn.in_proj_weight",
            .part(part, of: 3)),
          DialectEntry(
            "\(ours)/attention/\(name)/bias", "\(theirs).attn.in_proj_bias", .part(part, of: 3)),
        ]
      }
      entries += pair("\(ours)/attention/output", "\(theirs).attn.out_proj")
      entries += pair("\(ours)/mlp_norm", "\(theirs).ln_2")
      entries += pair("\(ours)/mlp/hidden", "\(theirs).mlp.c_fc")
      entries += pair("\(ours)/mlp/output", "\(theirs).mlp.c_proj")
    }
    entries += pair("image/post_norm", "visual.ln_post")
    return entries + [DialectEntry("image/projection/weight", "visual.proj", .transposed)]
  }

  private static func text(_ configuration: BERT.Configuration) -> [DialectEntry] {
    let embeddings = "bert.embeddings"
    var entries = [
      DialectEntry("text/embeddings/words", "\(embeddings).word_embeddings.weight"),
      DialectEntry("text/embeddings/positions", "\(embeddings).position_embeddings.weight"),
      DialectEntry("text/embeddings/token_types", "\(embeddings).token_type_embeddings.weight"),
    ]
    entries += pair("text/embeddings/norm", "\(embeddings).LayerNorm")
    for index in 0..<configuration.depth {
      let (ours, theirs) = ("text/blocks/\(index)", "bert.encoder.layer.\(index)")
      for name in ["query", "key", "value"] {
        entries += pair("\(ours)/attention/\(name)", "\(theirs).attention.self.\(name)")
      }
      entries += pair("\(ours)/attention/output", "\(theirs).attention.output.dense")
      entries += pair("\(ours)/attention_norm", "\(theirs).attention.output.LayerNorm")
      entries += pair("\(ours)/mlp/hidden", "\(theirs).intermediate.dense")
      entries += pair("\(ours)/mlp/output", "\(theirs).output.dense")
      entries += pair("\(ours)/mlp_norm", "\(theirs).output.LayerNorm")
    }
    return entries + [DialectEntry("text/projection/weight", "text_projection", .transposed)]
  }

  static func pair(_ ours: String, _ theirs: String) -> [DialectEntry] {
    ["weight", "bias"].map { DialectEntry("\(ours)/\($0)", "\(theirs).\($0)") }
  }
}
