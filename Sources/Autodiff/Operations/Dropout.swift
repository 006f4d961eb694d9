/// Inverted dropout with a counter-based generator.
///
///     y = keep ? x / (1 - rate) : 0
///
/// Whether an element is kept depends only on the run's random key, the site and the element's
/// index. So the gradient is the same operation on dy, and a recomputed copy repeats its mask.
///
/// - Source: Srivastava et al. 2014, JMLR 15, section 10 (scaling while training).
public struct Dropout: Operation {
  public let rate: Float
  public let site: UInt32

  public var storage: ResultStorage { .mayReplace([0]) }
  public var rowwiseInputs: [Int]? { [0] }

  public func resultShapes(of inputs: [Shape]) -> [Shape] { [inputs[0]] }

  public func gradients(upstream: [Tensor?], inputs: [Tensor], results: [Tensor]) -> [Tensor?] {
    [upstream[0].map { $0.graph.apply(self, to: [$0])[0] }]
  }
}

extension Tensor {
  /// The value with a share of its elements zeroed, or itself at rate 0.
  public func dropout(_ rate: Float) -> Tensor {
    precondition(rate >= 0 && rate < 1, "A dropout rate lies in 0 ..< 1, \(rate) does not.")
    if rate == 0 { return self }
    return graph.apply(Dropout(rate: rate, site: graph.nextDropoutSite()), to: [self])[0]
  }
}
