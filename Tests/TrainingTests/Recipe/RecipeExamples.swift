import Testing

@testable import Training

/// Recipes that tests start from and change.
enum RecipeExamples {
  static let tuning = """
    # Fine-tuning with a locked image tower.
    run: muge_lit
    seed: 7
    model:
      from: ../checkpoints/chinese_clip_vit_b16.h5
      train: ["image/**: locked", "text/**: trained", "logit_scale: trained"]
      dropout: 0.1
    data:
      train: ../data/muge/train-*.tar
      validation: [../data/muge/valid-0.tar, ../data/muge/valid-1.tar]
      captions: txt
      shuffle: true
      augmentation: crop(0.9, 1.0)
    objective:
      info_nce: { logit_scale_maximum: 100, repeated_pairs: masked }
    batch: { pairs: 4096, tokens_per_chunk: 2048, images_per_chunk: 16 }
    optimizer:
      adamw: { learning_rate: 5e-5, betas: [0.9, 0.98], epsilon: 1e-6, weight_decay: 0.001 }
      schedule: { cosine: { warmup: 3 % } }
      clip_gradient_norm: 1.0
    precision: float32
    length: 3 epochs
    validate: { every: 200 steps, choose_best_by: mean_recall, stop_after: 5 worse }
    checkpoints: { every: 200 steps, keep: 3 }
    """

  /// Fine-tuning with everything that steers it.
  static let steered = tuning.replacing(
    "weight_decay: 0.001 }", with: "weight_decay: 0.001, decay_exclusions: chinese_clip }"
  ).replacing(
    "  clip_gradient_norm: 1.0",
    with: "  clip_gradient_norm: 1.0\n  layer_rate_decay: 0.75\n  ema_decay: 0.999"
  ).replacing(
    "  dropout: 0.1",
    with: "  dropout: 0.1\n  lora: { rank: 8, alpha: 16, layers: [text/blocks/*/attention/**] }")

  static let fresh = """
    run: tiny
    model:
      family: chinese_clip
      configuration:
        image: { size: 32, patch: 16, width: 64, depth: 2 }
        text: { width: 64, depth: 2, maximum_positions: 64 }
        embedding_width: 32
      train: ["**: trained"]
    data:
      train: train.tar
      vocabulary: vocab.txt
    batch: { pairs: 8 }
    optimizer:
      adamw: { learning_rate: 0.001, weight_decay: 0 }
    length: 100 steps
    """

  static let residual = fresh.replacing(
    "{ size: 32, patch: 16, width: 64, depth: 2 }",
    with: "{ size: 96, layers: [3, 4, 6, 3], width: 8, head_width: 32 }")

  static let resized = tuning.replacing(
    "  dropout: 0.1", with: "  dropout: 0.1\n  configuration: { image: { size: 336 } }")

  static func decode(_ text: String, _ overrides: String...) throws(RecipeError) -> Recipe {
    try RecipeDecoder.decode(text: text, file: "/project/recipes/a.yaml", overrides: overrides)
  }

  /// The error of a recipe, which has to have one.
  static func error(_ text: String, _ overrides: String...) throws -> RecipeError {
    try #require(throws: RecipeError.self) {
      try RecipeDecoder.decode(
        text: text, file: "/project/recipes/a.yaml", overrides: overrides)
    }
  }
}
