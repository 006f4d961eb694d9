internal import Autodiff
internal import CPUDevice
internal import Models
internal import PairData

/// Pictures or captions that are encoded once, before the first step.
struct OnceEncoding: Sendable, Equatable {
  /// What they are, such as `training pictures`.
  let name: String
  let count: Int
  /// How many of them cache files have the embeddings of.
  let foundCount: Int
  /// Floating point operations of what is left to do.
  let operations: Int
  /// The table that steps read.
  let bytes: Int

  var json: JSONText {
    .object([
      ("what", .text(name)), ("count", .integer(count)), ("in_cache", .integer(foundCount)),
      ("floating_point_operations", .integer(operations)), ("table_bytes", .integer(bytes)),
    ])
  }
}

extension RunPreparation {
  /// What is encoded once, and how much of it cache files have already; encodes nothing.
  ///
  /// - Parameter tokensPerText: the mean length of captions.
  func encodings(tokensPerText: Double) async throws(ModelError) -> [OnceEncoding] {
    var encodings: [OnceEncoding] = []
    let (locked, views) = try imageEncoders(.none)
    if !views.isEmpty {
      encodings.append(try await encoding("training pictures", pairs, by: views))
    } else if keepsImageEmbeddings, let locked {
      encodings.append(try await encoding("training pictures", pairs, by: [locked]))
    }
    if let teacher = try teacherEncoder(.none) {
      encodings.append(try await encoding("teacher's pictures", pairs, by: [teacher]))
    }
    if let locked, let validationPairs {
      encodings.append(try await encoding("validation pictures", validationPairs, by: [locked]))
    }
    if keepsTextEmbeddings {
      encodings.append(
        try await encoding(
          "training captions", pairs, recipe.data.captions, tokensPerText: tokensPerText))
    }
    if textIsLocked, let validationPairs {
      encodings.append(
        try await encoding(
          "validation captions", validationPairs, recipe.data.validationCaptions,
          tokensPerText: tokensPerText))
    }
    return encodings
  }

  private func encoding(
    _ name: String, _ pairs: PairSet, by encoders: [PictureEncoder]
  ) async throws(ModelError) -> OnceEncoding {
    var (found, operations) = (0, 0)
    for encoder in encoders {
      let count = try await encoder.foundCount(of: pairs)
      let block = encoder.embedder.plan.floatingPointOperations(
        stage: 0, sizes: [.images: EmbeddingBlock.rowLimit])
      found += count
      operations += block / EmbeddingBlock.rowLimit * (pairs.count - count)
    }
    let width = encoders.first?.embedder.width ?? 0
    let count = pairs.count * encoders.count
    return OnceEncoding(
      name: name, count: count, foundCount: found, operations: operations,
      bytes: 4 * count * width)
  }

  private func encoding(
    _ name: String, _ pairs: PairSet, _ selector: CaptionSelector, tokensPerText: Double
  ) async throws(ModelError) -> OnceEncoding {
    let counts = try await captionEncoder(selector, .none).counts(of: pairs)
    let tokens = max(1, Int(tokensPerText.rounded()))
    let block = step.text.plan.floatingPointOperations(
      stage: 0,
      sizes: [.tokens: EmbeddingBlock.rowLimit * tokens, .sequences: EmbeddingBlock.rowLimit])
    return OnceEncoding(
      name: name, count: counts.all, foundCount: counts.found,
      operations: block / EmbeddingBlock.rowLimit * (counts.all - counts.found),
      bytes: 4 * counts.all * loaded.model.configuration.embeddingWidth)
  }
}
