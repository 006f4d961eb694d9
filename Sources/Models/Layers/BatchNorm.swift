internal import Autodiff

/// Batch normalization of each channel with a learned scale (`weight`) and shift (`bias`).
///
/// Ioffe and Szegedy 2015, arXiv:1502.03167. A norm that is trained takes the statistics of the
/// chunk and notes them for the running ones; any other takes the running ones as constants.
struct BatchNorm: Sendable {
  let weight: Parameter
  let bias: Parameter
  let runningMean: Parameter
  let runningVariance: Parameter
  /// How many chunks the running statistics have seen.
  let chunkCount: Parameter

  /// PyTorch's defaults, which CLIP keeps.
  static let epsilon: Float = 1e-5
  static let share: Float = 0.1

  /// - Parameter weight: how the scale starts; CLIP ends its residual branches with zeros.
  init(_ scope: ParameterScope, width: Int, weight: Initializer = .ones) {
    self.weight = scope.parameter("weight", [width], weight)
    bias = scope.parameter("bias", [width], .zeros)
    let mean = Parameter.Role.runningMean(share: BatchNorm.share)
    runningMean = scope.parameter("running_mean", [width], .zeros, role: mean)
    runningVariance = scope.parameter("running_variance", [width], .ones, role: mean)
    chunkCount = scope.parameter("chunk_count", [], .zeros, role: .runningSum)
  }

  var parameters: [Parameter] { [weight, bias, runningMean, runningVariance, chunkCount] }

  /// - Parameters:
  ///   - x: [rows, width].
  ///   - trained: the parameters that the graph will be differentiated by.
  /// - Returns: the same shape.
  func callAsFunction(_ x: Tensor, trained: Set<Parameter>) -> Tensor {
    let graph = x.graph
    guard trained.contains(weight) else {
      return x.normalized(
        mean: graph[runningMean], variance: graph[runningVariance], scale: graph[weight],
        shift: graph[bias], epsilon: BatchNorm.epsilon)
    }
    let normalized = x.batchNormalized(
      scale: graph[weight], shift: graph[bias], epsilon: BatchNorm.epsilon)
    graph.observe(runningMean, as: normalized.mean)
    graph.observe(runningVariance, as: normalized.sampleVariance)
    graph.observe(chunkCount, as: graph.filled(1, []))
    return normalized.rows
  }
}
