internal import Autodiff
internal import CPUDevice
internal import Models
internal import PairData

/// Embeddings of all pictures and captions of a pair set, for retrieval figures and searching.
struct PairEmbeddings {
  /// [images, width].
  var images: [Float] = []
  /// [texts, width].
  var texts: [Float] = []
  /// The picture of each text.
  var partners: [Int] = []
  var captions: [String] = []
  var pairIndices: [Int] = []
  var keys: [String] = []
  var shards: [String] = []
  var damaged: [DamagedPair] = []
}

/// Encodes a pair set with a model as it is, and ranks pictures against captions.
final class Validator {
  private let loaded: LoadedModel
  private let embedder: Embedder
  /// What a locked tower makes of the pictures, where that is known.
  private let pictures: PictureEmbeddings?
  private let captionEmbeddings: CaptionEmbeddings?
  private let pairs: PairSet
  private let configuration: LoaderConfiguration
  private let stopSignal: () -> Int32?

  /// - Parameters:
  ///   - pictures: the embeddings of the pairs' pictures, where the image tower never changes.
  ///   - captionEmbeddings: those of their captions, where the text tower never does.
  ///   - stopSignal: the signal that asked for a stop, once there is one.
  init(
    _ loaded: LoadedModel, pairs: PairSet, captions: CaptionSelector, loaderTasks: Int,
    damageLimit: Double, pictures: PictureEmbeddings? = nil,
    captionEmbeddings: CaptionEmbeddings? = nil,
    stopSignal: @escaping () -> Int32? = { StopSignals.pending }
  ) throws(ModelError) {
    self.stopSignal = stopSignal
    self.pictures = pictures
    self.captionEmbeddings = captionEmbeddings
    self.loaded = loaded
    self.pairs = pairs
    var configuration = LoaderConfiguration(
      batchPairs: 64, contextLength: loaded.description.contextLength,
      images: pictures == nil ? loaded.description.preparation() : nil)
    configuration.captions = captions
    configuration.taskCount = loaderTasks
    configuration.damagePolicy = DamagedPairPolicy(limit: damageLimit)
    self.configuration = configuration
    do throws(DeviceError) {
      embedder = try Embedder(
        loaded.model, on: loaded.device, parameters: loaded.parameters)
    } catch {
      throw .device(error)
    }
  }

  /// Encodes all pairs.
  ///
  /// - Parameter progress: is told how many pairs of how many are done.
  /// - Throws: `ModelError.interrupted` where a signal asked for a stop.
  func embed(
    progress: (Int, Int) -> Void = { _, _ in }
  ) async throws(ModelError) -> PairEmbeddings {
    var result = PairEmbeddings()
    var walk = EvaluationPairs(
      pairs: pairs, tokenizer: loaded.tokenizer, configuration: configuration,
      knownDamage: pictures?.damaged ?? [])
    var signal: Int32?
    do throws(PairDataError) {
      while let batch = try await walk.next() {
        signal = stopSignal()
        if signal != nil { break }
        if let captionEmbeddings { try require(captionEmbeddings, toHave: batch) }
        result.images += pictures?.rows(batch.pairIndices) ?? embedImages(of: batch)
        result.texts +=
          captionEmbeddings?.rows(batch.pairIndices) ?? embedder.embedTexts(batch.tokens.texts)
        result.partners += batch.partners
        result.captions += batch.captions
        result.pairIndices += batch.pairIndices
        result.keys += batch.keys
        result.shards += batch.shards
        result.damaged += batch.damaged
        progress(result.pairIndices.count + result.damaged.count, pairs.count)
      }
    } catch {
      throw .data(error)
    }
    if let signal { throw .interrupted(signal: signal) }
    return result
  }

  /// The captions of the batch are those that the shards have now.
  private func require(
    _ embeddings: CaptionEmbeddings, toHave batch: EvaluationBatch
  ) throws(PairDataError) {
    var found: [Int: Int] = [:]
    for partner in batch.partners { found[partner - batch.firstImage, default: 0] += 1 }
    for (row, pair) in batch.pairIndices.enumerated() {
      let (encoded, count) = (embeddings.count(of: pair), found[row] ?? 0)
      guard encoded != count else { continue }
      throw pairs.captionsChanged(of: pair, encoded: encoded, found: count)
    }
  }

  private func embedImages(of batch: EvaluationBatch) -> [Float] {
    embedder.embedImages(count: batch.images.count) { batch.images.write($0, into: $1) }
  }

  /// Retrieval figures in both directions.
  func figures() async throws(ModelError) -> RetrievalMetrics {
    Self.figures(
      of: try await embed(), width: loaded.model.configuration.embeddingWidth, on: loaded.device)
  }

  static func figures(
    of embeddings: PairEmbeddings, width: Int, on device: CPUDevice
  ) -> RetrievalMetrics {
    let ranks = RetrievalRanks(
      images: embeddings.images, texts: embeddings.texts, width: width,
      partners: embeddings.partners, on: device)
    return RetrievalMetrics(
      textRanks: ranks.textRanks, imageRanks: ranks.imageRanks,
      imageCount: embeddings.images.count / width)
  }
}

extension PackedTokens {
  /// The ids of each text.
  var texts: [[Int32]] {
    (0..<count).map { Array(ids[Int(offsets[$0])..<Int(offsets[$0 + 1])]) }
  }
}
