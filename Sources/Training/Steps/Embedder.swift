internal import Autodiff
internal import CPUDevice
internal import Models
internal import PairData

/// Both towers in inference: unit embeddings of pictures and captions, chunk by chunk.
final class Embedder {
  private let model: DualEncoder
  private let image: ImageEmbedder
  private let text: CPUProgram
  /// What is encoded at once, if there are so many tokens.
  let tokensPerChunk: Int
  private let sequencesPerChunk: Int

  var width: Int { model.configuration.embeddingWidth }

  init(
    _ model: DualEncoder, on device: CPUDevice, parameters: CPUParameters,
    imagesPerChunk: Int = 32, tokensPerChunk: Int = 2_048
  ) throws(DeviceError) {
    self.model = model
    self.tokensPerChunk = max(tokensPerChunk, model.configuration.text.positionCount)
    sequencesPerChunk = TextChunks.captionLimit(tokenLimit: self.tokensPerChunk)
    image = try ImageEmbedder(
      model, on: device, parameters: parameters, imagesPerChunk: imagesPerChunk)
    text = try device.compile(
      EncoderPlans.text(
        model, tokensPerChunk: self.tokensPerChunk, sequencesPerChunk: sequencesPerChunk,
        dropout: 0, trained: []),
      parameters: parameters)
  }

  /// - Parameter write: writes the normalized pixels of some pictures, [range, 3, size, size].
  /// - Returns: [count, width].
  func embedImages(
    count: Int, _ write: (Range<Int>, UnsafeMutableBufferPointer<Float>) -> Void
  ) -> [Float] {
    image.embed(count: count, write)
  }

  /// - Returns: [pictures.count, width].
  func embed(_ pictures: PixelBatch) -> [Float] {
    embedImages(count: pictures.count) { pictures.write($0, into: $1) }
  }

  /// - Parameter captions: token ids, at least two each. - Returns: [captions.count, width].
  func embedTexts(_ captions: [[Int32]]) -> [Float] {
    var offsets: [Int32] = [0]
    for caption in captions { offsets.append(offsets[offsets.count - 1] + Int32(caption.count)) }
    let ids = captions.flatMap { $0 }
    var result: [Float] = []
    result.reserveCapacity(captions.count * width)
    for rows in TextChunks.split(offsets: offsets, tokenLimit: tokensPerChunk) {
      let tokens = TextChunks.Tokens(ids, offsets: offsets, rows: rows)
      tokens.feed(text)
      text.run(stage: 0, sizes: tokens.sizes, randomKey: 0)
      result += text.values(of: EncoderPlans.embeddings)
    }
    return result
  }
}
