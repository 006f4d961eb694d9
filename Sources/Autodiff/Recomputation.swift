/// Which intermediate values are computed again instead of being kept for the gradient.
public enum RecomputationPolicy: Hashable, Sendable {
  /// Keep everything that the gradient reads.
  case none
  /// Keep what enters and leaves each segment; compute its inside again before its gradient.
  /// Chen et al. 2016, arXiv:1604.06174.
  case segments
}

extension Graph {
  /// A graph with the same values in which the gradient reads recomputed copies.
  ///
  /// Nodes from `gradientStart` on are gradient. Where one of them reads a value made inside a
  /// segment, it is given a copy of that value; copies are appended just before their first
  /// reader, so their storage lives briefly. Values that leave their segment are kept, dropout
  /// carries its random site with it, so a copy equals its original bit for bit.
  ///
  /// - Returns: the new graph, where each value of the old one is in it, and where its gradient
  ///   (copies included) starts.
  func recomputed(
    gradientStart: Int
  ) -> (graph: Graph, values: [ValueID: ValueID], firstGradientNode: Int) {
    let kept = nodesLeavingSegments(gradientStart: gradientStart)
    let result = Graph()
    var moved: [ValueID: ValueID] = [:]
    var copied: [ValueID: ValueID] = [:]

    func append(_ index: Int, inputs: [ValueID], into map: inout [ValueID: ValueID]) {
      let node = nodes[index]
      result.nodes.append(
        Node(
          operation: node.operation, inputs: inputs, shapes: node.shapes, segment: node.segment))
      for slot in node.shapes.indices {
        let id = ValueID(node: index, result: slot)
        map[id] = ValueID(node: result.nodes.count - 1, result: slot)
      }
    }

    func place(of id: ValueID) -> ValueID {
      guard let place = moved[id] else {
        preconditionFailure("Node \(id.node) is read before it is captured.")
      }
      return place
    }

    /// Where a gradient node finds the value: the kept one, or a copy made on first demand.
    func recomputedPlace(of id: ValueID) -> ValueID {
      if id.node >= gradientStart || nodes[id.node].segment == nil || kept[id.node] {
        return place(of: id)
      }
      if let copy = copied[id] { return copy }
      let inputs = nodes[id.node].inputs.map { recomputedPlace(of: $0) }
      append(id.node, inputs: inputs, into: &copied)
      guard let copy = copied[id] else { preconditionFailure("A copy has the node's results.") }
      return copy
    }

    var firstGradientNode = gradientStart
    for index in nodes.indices {
      let isGradient = index >= gradientStart
      if index == gradientStart { firstGradientNode = result.nodes.count }
      let inputs = nodes[index].inputs.map { isGradient ? recomputedPlace(of: $0) : place(of: $0) }
      append(index, inputs: inputs, into: &moved)
    }
    return (result, moved, firstGradientNode)
  }

  /// Nodes of one segment that the forward part outside it reads; all their results are kept.
  private func nodesLeavingSegments(gradientStart: Int) -> [Bool] {
    var leaving = [Bool](repeating: false, count: nodes.count)
    for index in 0..<gradientStart {
      for input in nodes[index].inputs where nodes[input.node].segment != nodes[index].segment {
        leaving[input.node] = true
      }
    }
    return leaving
  }
}
