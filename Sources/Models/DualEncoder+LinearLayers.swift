public import Autodiff

extension DualEncoder {
  /// The paths of all linear layers, in the order of their declaration.
  ///
  /// What else is called `weight` has one dimension (norms) or four (convolutions, patches).
  public var linearLayers: [String] {
    parameters.compactMap { parameter in
      parameter.sizes.count == 2 && parameter.path.hasSuffix("/weight")
        ? String(parameter.path.dropLast("/weight".count)) : nil
    }
  }
}

extension Parameter {
  /// Whether it is part of a linear layer's update, not of the layer as it is published.
  public var isLowRankUpdate: Bool {
    [LowRankUpdate.downName, LowRankUpdate.upName].contains { path.hasSuffix("/\($0)") }
  }
}

extension LowRankUpdates {
  /// Where the parts of a layer's update lie.
  public func paths(ofLayer layer: String) -> (down: String, up: String) {
    ("\(layer)/\(LowRankUpdate.downName)", "\(layer)/\(LowRankUpdate.upName)")
  }
}
