internal import Models

extension ModelDescription {
  /// `config.json` of a ChineseCLIPModel with every size: what a file leaves out is filled in with
  /// defaults that are not those of Chinese-CLIP. Numbers with a point in them are no whole ones,
  /// as the library tells the two apart.
  func huggingFaceConfiguration(
    _ image: VisionTransformer.Configuration, paddingID: Int
  ) -> JSONText {
    let text = configuration.text
    return .object([
      ("architectures", .array([.text("ChineseCLIPModel")])),
      ("model_type", .text("chinese_clip")), ("dtype", .text("float32")),
      ("projection_dim", .integer(configuration.embeddingWidth)),
      ("logit_scale_init_value", .number(2.6592)),
      (
        "text_config",
        .object([
          ("model_type", .text("chinese_clip_text_model")),
          ("vocab_size", .integer(text.vocabularyCount)), ("hidden_size", .integer(text.width)),
          ("num_hidden_layers", .integer(text.depth)),
          ("num_attention_heads", .integer(text.headCount)),
          ("intermediate_size", .integer(text.mlpWidth)),
          ("max_position_embeddings", .integer(text.positionCount)),
          ("type_vocab_size", .integer(text.tokenTypeCount)),
          ("pad_token_id", .integer(paddingID)), ("hidden_act", .text("gelu")),
          ("layer_norm_eps", .number(1e-12)), ("hidden_dropout_prob", .number(0.1)),
          ("attention_probs_dropout_prob", .number(0.1)), ("initializer_range", .number(0.02)),
          ("position_embedding_type", .text("absolute")),
        ])
      ),
      (
        "vision_config",
        .object([
          ("model_type", .text("chinese_clip_vision_model")),
          ("hidden_size", .integer(image.width)), ("num_hidden_layers", .integer(image.depth)),
          ("num_attention_heads", .integer(image.headCount)),
          ("intermediate_size", .integer(image.mlpWidth)),
          ("image_size", .integer(image.imageSize)), ("patch_size", .integer(image.patchSize)),
          ("num_channels", .integer(3)),
          ("hidden_act", .text("quick_gelu")), ("layer_norm_eps", .number(1e-5)),
          ("initializer_range", .number(0.02)),
        ])
      ),
    ])
  }
}
