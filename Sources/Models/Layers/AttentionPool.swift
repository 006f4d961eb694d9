internal import Autodiff

/// Attention of a map's mean to its pixels and itself, projected: a map becomes a vector.
///
/// Radford et al. 2021, arXiv:2103.00020, section 2.4. Only the mean's result is used; as in the
/// original, the other queries are computed beside it, a thirtieth of the tower's work.
struct AttentionPool: Sendable {
  /// [pixels + 1, width]; the first row is the mean's.
  let positions: Parameter
  let query: Linear
  let key: Linear
  let value: Linear
  let output: Linear
  let side: Int
  let headCount: Int

  init(_ scope: ParameterScope, side: Int, width: Int, headCount: Int, outputs: Int) {
    // CLIP draws all of them with deviation width^-0.5; biases start as PyTorch's do.
    let deviation = Initializer.normal(deviation: 1 / Float(width).squareRoot())
    positions = scope.parameter("positions", [side * side + 1, width], deviation)
    func linear(_ name: String, _ outputs: Int) -> Linear {
      Linear(scope / name, inputs: width, outputs: outputs, weight: deviation)
    }
    query = linear("query", width)
    key = linear("key", width)
    value = linear("value", width)
    output = linear("output", outputs)
    self.side = side
    self.headCount = headCount
  }

  var parameters: [Parameter] {
    [positions] + [query, key, value, output].flatMap(\.parameters)
  }

  /// - Parameter x: [images * side * side, width]. - Returns: [images, outputs].
  func callAsFunction(_ x: Tensor) -> Tensor {
    let layout = TokenLayout.equal(sequences: .images, length: side * side + 1)
    let tokens = x.prependingMean(toSequencesOf: side * side)
      .addingPositions(x.graph[positions], layout: layout)  // [images * (side * side + 1), width]
    let attended = query(tokens).attention(
      keys: key(tokens), values: value(tokens), headCount: headCount, layout: layout)
    return output(attended.firstTokens(layout: layout))
  }
}
