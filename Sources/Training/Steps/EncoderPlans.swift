internal import Autodiff
internal import Models

/// The plans of one chunk: a tower from its inputs to unit embeddings, and back where it trains.
enum EncoderPlans {
  /// The name of the embeddings among a plan's outputs.
  static let embeddings = "embeddings"
  /// The name of the gradient that reaches the embeddings, an input of stage 1.
  static let upstream = "upstream"
  /// The name of the rows of tokens that a masked picture keeps, an input.
  static let keptTokens = "kept_tokens"

  /// What a chunk shows of running statistics is among the outputs, under their paths.
  ///
  /// - Parameters:
  ///   - trained: the parameters whose gradients are wanted; those of other towers are ignored.
  ///   - keptTokenCount: how many of a picture's tokens are not masked; all if nothing is said.
  static func image(
    _ model: DualEncoder, imagesPerChunk: Int, trained: [Parameter], keptTokenCount: Int? = nil,
    recomputation: RecomputationPolicy = .none, placement: Plan.PlacementPolicy = .arena
  ) -> Plan {
    let graph = Graph()
    let kept = keptTokenCount.map { count in
      graph.input(keptTokens, [Extent(.images) * count], .int32)
    }
    let output = model.imageEmbeddings(
      graph.input("pixels", model.pixelShape), trained: Set(trained), keptTokens: kept)
    return plan(
      graph, output: output, trained: trained, capacities: [.images: imagesPerChunk],
      recomputation: recomputation, placement: placement)
  }

  /// A tower's own features of pictures, not of unit length, in inference.
  static func imageFeatures(_ model: DualEncoder, imagesPerChunk: Int) -> Plan {
    let graph = Graph()
    return plan(
      graph, output: model.image(graph.input("pixels", model.pixelShape)), trained: [],
      capacities: [.images: imagesPerChunk], recomputation: .none, placement: .arena)
  }

  /// Captions packed end to end.
  static func text(
    _ model: DualEncoder, tokensPerChunk: Int, sequencesPerChunk: Int, dropout: Float,
    trained: [Parameter], recomputation: RecomputationPolicy = .none,
    placement: Plan.PlacementPolicy = .arena
  ) -> Plan {
    let graph = Graph()
    let ids = graph.input("ids", [Extent(.tokens)], .int32)
    let output = model.textEmbeddings(ids, layout: .packed(in: graph), dropout: dropout)
    return plan(
      graph, output: output, trained: trained,
      capacities: [.tokens: tokensPerChunk, .sequences: sequencesPerChunk],
      recomputation: recomputation, placement: placement)
  }

  private static func plan(
    _ graph: Graph, output: Tensor, trained: [Parameter], capacities: AxisSizes,
    recomputation: RecomputationPolicy, placement: Plan.PlacementPolicy
  ) -> Plan {
    let wanted = trained.filter { graph.read(of: $0) != nil }
    guard !wanted.isEmpty else {
      return Plan(
        graph, outputs: [(embeddings, output)], capacities: capacities, placement: placement)
    }
    let start = graph.nodes.count
    let gradients = graph.gradients(
      of: output, upstream: graph.input(upstream, output.shape),
      withRespectTo: wanted.map { graph[$0] })
    return Plan(
      graph,
      outputs: [(embeddings, output)] + graph.observations.map { ($0.parameter.path, $0.value) },
      gradients: zip(wanted, gradients).compactMap { parameter, gradient in
        gradient.map { (parameter, $0) }
      },
      gradientStart: start, capacities: capacities, recomputation: recomputation,
      placement: placement)
  }

  /// From the embeddings of a whole contrastive batch to the loss and back to the embeddings.
  ///
  /// Inputs `image` and `text` [pairs, embeddingWidth], `image_groups` and `text_groups` [pairs],
  /// and with distillation `teacher` [pairs, teacherWidth]; outputs `loss`, `scale`, with
  /// distillation its `distillation_loss` without its weight, and the gradients `image_gradient`
  /// and `text_gradient` as wanted.
  static func loss(
    _ model: DualEncoder, pairs: Int, repeatedPairs: SymmetricInfoNCE.RepeatedPairs,
    distillation: Distillation? = nil, trained: [Parameter]
  ) -> Plan {
    let graph = Graph()
    let rows = Extent(.pairs)
    let shape: Shape = [rows, Extent(model.configuration.embeddingWidth)]
    let image = graph.input("image", shape)
    let text = graph.input("text", shape)
    let scale = graph[model.logitScale].exponential.reshaped([1])
    var loss = graph.symmetricInfoNCE(
      image: image, text: text, scale: scale,
      imageGroups: graph.input("image_groups", [rows], .int32),
      textGroups: graph.input("text_groups", [rows], .int32), repeatedPairs: repeatedPairs)
    var outputs = [("scale", scale)]
    if let distillation {
      let distance = distillation.distance(of: image, in: graph)
      loss = loss + distance * graph.filled(distillation.weight, [1])
      outputs.append(("distillation_loss", distance))
    }
    outputs.append(("loss", loss))
    let start = graph.nodes.count
    func trains(_ parameters: [Parameter]) -> Bool { parameters.contains { trained.contains($0) } }

    var gradients: [(Parameter, Tensor)] = []
    let targets = [image, text, graph[model.logitScale]]
    let found = graph.gradients(of: loss, withRespectTo: targets)
    if trains(model.image.parameters), let gradient = found[0] {
      outputs.append(("image_gradient", gradient))
    }
    if trains(model.text.parameters), let gradient = found[1] {
      outputs.append(("text_gradient", gradient))
    }
    if trains([model.logitScale]), let gradient = found[2] {
      gradients.append((model.logitScale, gradient))
    }
    return Plan(
      graph, outputs: outputs, gradients: gradients, gradientStart: start,
      capacities: [.pairs: pairs])
  }
}
