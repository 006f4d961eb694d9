public import Autodiff

extension AveragePooling {
  /// Calls `body` with every pixel's row and the row of its window's mean.
  fileprivate func forEachPixel(images: Int, _ body: (_ xRow: Int, _ yRow: Int) -> Void) {
    for n in 0..<images {
      for a in 0..<side {
        for b in 0..<side {
          body(
            (n * side + a) * side + b,
            (n * outputSide + a / window) * outputSide + b / window)
        }
      }
    }
  }
}

extension AveragePooling: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    let x = inputs[0]
    var y = ReferenceArray(sizes: context.resultSizes[0], repeating: 0)
    forEachPixel(images: x.rows / (side * side)) { xRow, yRow in
      for c in 0..<x.width { y[yRow, c] += x[xRow, c] / Double(window * window) }
    }
    return [y]
  }
}

extension AveragePoolingGradient: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    let dy = inputs[0]
    var dx = ReferenceArray(sizes: context.resultSizes[0], repeating: 0)
    forward.forEachPixel(images: dx.rows / (forward.side * forward.side)) { xRow, yRow in
      for c in 0..<dx.width {
        dx[xRow, c] = dy[yRow, c] / Double(forward.window * forward.window)
      }
    }
    return [dx]
  }
}
