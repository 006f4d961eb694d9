import Autodiff
import Models
import TestSupport

@testable import Training

/// A contrastive step on the Double reference device, from the very plans that steps run.
final class ReferenceStep {
  let model: DualEncoder
  let parameters: ReferenceParameters
  private let pairs: MiniaturePairs
  private let image: ReferenceProgram
  private let text: ReferenceProgram
  private let loss: ReferenceProgram
  private let textKey: UInt64

  /// What the pictures' tower does not see, and what it learns from.
  struct Teaching {
    /// Rows of all pictures' tokens, as many of each.
    var keptTokens: [Int32]?
    var distillation: Distillation?
    var teacherFeatures: [Float] = []
  }

  /// - Parameter textKey: dropout's key of the one chunk of captions.
  init(
    _ model: DualEncoder, pairs: MiniaturePairs, dropout: Float = 0, textKey: UInt64 = 0,
    repeatedPairs: SymmetricInfoNCE.RepeatedPairs = .masked, teaching: Teaching = Teaching()
  ) throws(DeviceError) {
    self.model = model
    self.pairs = pairs
    self.textKey = textKey
    let device = ReferenceDevice()
    let trained = model.parameters
    parameters = device.makeParameters(ParameterLayout(trained: trained, locked: []))
    MiniatureModel.setValues(of: parameters)
    image = try device.compile(
      EncoderPlans.image(
        model, imagesPerChunk: pairs.count, trained: trained,
        keptTokenCount: teaching.keptTokens.map { $0.count / pairs.count }),
      parameters: parameters)
    text = try device.compile(
      EncoderPlans.text(
        model, tokensPerChunk: Int(pairs.offsets[pairs.count]), sequencesPerChunk: pairs.count,
        dropout: dropout, trained: trained), parameters: parameters)
    loss = try device.compile(
      EncoderPlans.loss(
        model, pairs: pairs.count, repeatedPairs: repeatedPairs,
        distillation: teaching.distillation, trained: trained),
      parameters: parameters)
    image.set("pixels", to: pairs.pictures.flatMap { $0 })
    if let kept = teaching.keptTokens { image.set(EncoderPlans.keptTokens, to: kept) }
    if teaching.distillation != nil { loss.set("teacher", to: teaching.teacherFeatures) }
    text.set("ids", to: pairs.captions.flatMap { $0 })
    text.set("starts", to: Array(pairs.offsets.dropLast()))
    text.set("lengths", to: pairs.captions.map { Int32($0.count) })
    loss.set("image_groups", to: pairs.imageGroups)
    loss.set("text_groups", to: pairs.textGroups)
  }

  /// The loss after a change of the parameters whose paths start so.
  ///
  /// - Parameter changed: `image`, `text` or `logit_scale`; nothing else is computed again.
  func loss(afterChangeOf changed: String) -> Double {
    if changed.hasPrefix("image") { encode(image, as: "image") }
    if changed.hasPrefix("text") { encode(text, as: "text") }
    run(loss, stage: 0)
    return loss.doubles(of: "loss")[0]
  }

  /// Loss and gradients; the latter are in `parameters`.
  func run() -> Double {
    encode(image, as: "image")
    encode(text, as: "text")
    run(loss, stage: 0)
    parameters.clearGradients()
    run(loss, stage: 1)
    for (program, name) in [(image, "image_gradient"), (text, "text_gradient")] {
      program.setDoubles(EncoderPlans.upstream, to: loss.doubles(of: name))
      run(program, stage: 1)
    }
    return loss.doubles(of: "loss")[0]
  }

  private func encode(_ program: ReferenceProgram, as input: String) {
    run(program, stage: 0)
    loss.setDoubles(input, to: program.doubles(of: EncoderPlans.embeddings))
  }

  private func run(_ program: ReferenceProgram, stage: Int) {
    program.run(
      stage: stage,
      sizes: [
        .images: pairs.count, .sequences: pairs.count, .pairs: pairs.count,
        .tokens: Int(pairs.offsets[pairs.count]),
      ], randomKey: textKey)
  }
}
