extension Graph {
  /// Appends the gradient of `output` with respect to `targets`, as more graph.
  ///
  /// Nodes are visited from last to first, so each is reached when every reader of its results
  /// has added its share. Only paths that lead to a target are built: a locked tower's
  /// parameters are no targets, therefore no gradient node of it exists.
  ///
  /// - Parameters:
  ///   - output: what is differentiated.
  ///   - upstream: the gradient that reaches `output`, of its shape; `nil` means ones.
  ///   - targets: parameter reads or inputs.
  /// - Returns: one gradient a target, in order; `nil` where `output` does not depend on it.
  public func gradients(
    of output: Tensor, upstream: Tensor? = nil, withRespectTo targets: [Tensor]
  ) -> [Tensor?] {
    let nodeCount = nodes.count
    let leadsToTarget = nodesLeading(to: targets, count: nodeCount)
    var reaching: [ValueID: Tensor] = [:]
    reaching[output.id] = upstream ?? apply(Fill(value: 1, shape: output.shape), to: [])[0]

    for index in stride(from: output.id.node, through: 0, by: -1) where leadsToTarget[index] {
      let node = nodes[index]
      let results = node.shapes.indices.map { tensor(ValueID(node: index, result: $0)) }
      let upstreams = results.map { reaching[$0.id] }
      guard !node.inputs.isEmpty, upstreams.contains(where: { $0 != nil }) else { continue }
      let inputs = node.inputs.map { tensor($0) }
      let shares = node.operation.gradients(
        upstream: upstreams, inputs: inputs, results: results)
      precondition(
        shares.count == inputs.count,
        "\(node.operation.name) gives \(shares.count) gradients for \(inputs.count) inputs.")
      for (input, share) in zip(inputs, shares) {
        guard let share, leadsToTarget[input.id.node] else { continue }
        precondition(
          share.shape == input.shape,
          "\(node.operation.name): gradient \(share.shape) for an input \(input.shape).")
        reaching[input.id] = reaching[input.id].map { $0 + share } ?? share
      }
    }
    return targets.map { reaching[$0.id].map(computed) }
  }

  /// The tensor as a step of the gradient, which an upstream gradient that passes through is not.
  private func computed(_ gradient: Tensor) -> Tensor {
    let isGiven = nodes[gradient.id.node].operation is Input
    return isGiven ? gradient.reshaped(gradient.shape) : gradient
  }

  /// For each node, whether a target can be reached through its inputs (targets themselves count).
  private func nodesLeading(to targets: [Tensor], count: Int) -> [Bool] {
    var leads = [Bool](repeating: false, count: count)
    for target in targets { leads[target.id.node] = true }
    for index in 0..<count where !leads[index] {
      leads[index] = nodes[index].inputs.contains { leads[$0.node] }
    }
    return leads
  }
}
