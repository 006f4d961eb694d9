public import Autodiff

extension Convolution {
  /// Calls `body` with every product's row of x, row of y and place in a filter.
  fileprivate func forEachProduct(
    images: Int, _ body: (_ xRow: Int, _ yRow: Int, _ u: Int, _ v: Int) -> Void
  ) {
    for n in 0..<images {
      for i in 0..<outputSide {
        for j in 0..<outputSide {
          for u in 0..<kernel {
            for v in 0..<kernel {
              let (a, b) = (i * stride + u - padding, j * stride + v - padding)
              guard (0..<side).contains(a), (0..<side).contains(b) else { continue }
              body((n * side + a) * side + b, (n * outputSide + i) * outputSide + j, u, v)
            }
          }
        }
      }
    }
  }

  /// Where w[o, c, u, v] lies.
  fileprivate func element(_ o: Int, _ c: Int, _ u: Int, _ v: Int, channels: Int) -> Int {
    ((o * channels + c) * kernel + u) * kernel + v
  }
}

extension Convolution: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    let (x, filters) = (inputs[0], inputs[1])
    var y = ReferenceArray(sizes: context.resultSizes[0], repeating: 0)
    forEachProduct(images: x.rows / (side * side)) { xRow, yRow, u, v in
      for o in 0..<y.width {
        for c in 0..<x.width {
          y[yRow, o] += x[xRow, c] * filters.values[element(o, c, u, v, channels: x.width)]
        }
      }
    }
    return [y]
  }
}

extension ConvolutionInputGradient: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    let (dy, filters) = (inputs[0], inputs[1])
    var dx = ReferenceArray(sizes: context.resultSizes[0], repeating: 0)
    let images = dx.rows / (forward.side * forward.side)
    forward.forEachProduct(images: images) { xRow, yRow, u, v in
      for o in 0..<dy.width {
        for c in 0..<dx.width {
          let element = forward.element(o, c, u, v, channels: dx.width)
          dx[xRow, c] += dy[yRow, o] * filters.values[element]
        }
      }
    }
    return [dx]
  }
}

extension ConvolutionFilterGradient: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    let (dy, x) = (inputs[0], inputs[1])
    var dFilters = ReferenceArray(sizes: context.resultSizes[0], repeating: 0)
    let images = x.rows / (forward.side * forward.side)
    forward.forEachProduct(images: images) { xRow, yRow, u, v in
      for o in 0..<dy.width {
        for c in 0..<x.width {
          let element = forward.element(o, c, u, v, channels: x.width)
          dFilters.values[element] += dy[yRow, o] * x[xRow, c]
        }
      }
    }
    return [dFilters]
  }
}
