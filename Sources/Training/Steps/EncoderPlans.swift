internal import Autodiff
internal import Models

/// The plans of one chunk: a tower from its inputs to unit embeddings, and back where it trains.
enum EncoderPlans {
  /// The name of the embeddings among a plan's outputs.
  static let embeddings = "embeddings"
  /// The name of the gradient that reaches the embeddings, an input of stage 1.
  static let upstream = "upstream"

  /// What a chunk shows of running statistics is among the outputs, under their paths.
  ///
  /// - Parameters:
  ///   - trained: the parameters whose gradients are wanted; those of other towers are ignored.
  static func image(
    _ model: DualEncoder, imagesPerChunk: Int, trained: [Parameter],
    recomputation: RecomputationPolicy = .none, placement: Plan.PlacementPolicy = .arena
  ) -> Plan {
    let graph = Graph()
    let output = model.imageEmbeddings(
      graph.input("pixels", model.pixelShape), trained: Set(trained))
    return plan(
      graph, output: output, trained: trained, capacities: [.images: imagesPerChunk],
      recomputation: recomputation, placement: placement)
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
  /// Inputs `image` and `text` [pairs, embeddingWidth], `image_groups` and `text_groups` [pairs];
  /// outputs `loss`, `scale`, and the gradients `image_gradient` and `text_gradient` as wanted.
  static func loss(
    _ model: DualEncoder, pairs: Int, repeatedPairs: SymmetricInfoNCE.RepeatedPairs,
    trained: [Parameter]
  ) -> Plan {
    let graph = Graph()
    let rows = Extent(.pairs)
    let shape: Shape = [rows, Extent(model.configuration.embeddingWidth)]
    let image = graph.input("image", shape)
    let text = graph.input("text", shape)
    let scale = graph[model.logitScale].exponential.reshaped([1])
    let loss = graph.symmetricInfoNCE(
      image: image, text: text, scale: scale,
      imageGroups: graph.input("image_groups", [rows], .int32),
      textGroups: graph.input("text_groups", [rows], .int32), repeatedPairs: repeatedPairs)
    let start = graph.nodes.count
    func trains(_ parameters: [Parameter]) -> Bool { parameters.contains { trained.contains($0) } }

    var outputs = [("loss", loss), ("scale", scale)]
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
