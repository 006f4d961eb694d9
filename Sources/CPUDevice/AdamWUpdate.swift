internal import Autodiff
internal import CKernels
internal import Glibc

/// AdamW over the flat arenas: moments beside the parameters, one pass an update.
///
/// Loshchilov and Hutter 2017, arXiv:1711.05101, algorithm 2, in PyTorch's order of operations.
public final class AdamWUpdate {
  public struct Hyperparameters: Hashable, Sendable {
    public var firstBeta: Float
    public var secondBeta: Float
    public var epsilon: Float

    public init(firstBeta: Float, secondBeta: Float, epsilon: Float) {
      self.firstBeta = firstBeta
      self.secondBeta = secondBeta
      self.epsilon = epsilon
    }
  }

  /// Neighbouring trained parameters that share a rate and a decay.
  public struct Group: Hashable, Sendable {
    /// Elements of the arena.
    public var range: Range<Int>
    /// Multiplies the schedule's learning rate.
    public var rateFactor: Float
    public var weightDecay: Float

    public init(range: Range<Int>, rateFactor: Float, weightDecay: Float) {
      self.range = range
      self.rateFactor = rateFactor
      self.weightDecay = weightDecay
    }
  }

  private let parameters: CPUParameters
  private let threads: ThreadPool
  private let hyperparameters: Hyperparameters
  private let groups: [Group]
  private let firstMoments: Arena
  private let secondMoments: Arena

  public init(
    _ parameters: CPUParameters, device: CPUDevice, hyperparameters: Hyperparameters,
    groups: [Group]
  ) {
    self.parameters = parameters
    threads = device.threads
    self.hyperparameters = hyperparameters
    self.groups = groups
    let byteCount = parameters.layout.trainedElementCount * MemoryLayout<Float>.stride
    firstMoments = Arena.required(byteCount: byteCount)
    secondMoments = Arena.required(byteCount: byteCount)
  }

  /// Takes one step with the gradients of the arena.
  ///
  /// - Parameters:
  ///   - updateCount: how many updates this makes, this one included; for the bias correction.
  ///   - gradientScale: multiplies every gradient first: what clipping asks for.
  public func apply(updateCount: Int, learningRate: Float, gradientScale: Float) {
    let (firstBeta, secondBeta) = (hyperparameters.firstBeta, hyperparameters.secondBeta)
    let firstCorrection = Float(1 - pow(Double(firstBeta), Double(updateCount)))
    let secondCorrection = Float(1 - pow(Double(secondBeta), Double(updateCount)))
    let (values, gradients) = (parameters.values, parameters.gradients)
    let first = firstMoments.base.assumingMemoryBound(to: Float.self)
    let second = secondMoments.base.assumingMemoryBound(to: Float.self)
    for group in groups {
      threads.run(over: group.range.count, grain: elementGrain) { range in
        let start = group.range.lowerBound + range.lowerBound
        dq_adamw(
          Int64(range.count), values + start, gradients + start, first + start, second + start,
          learningRate * group.rateFactor, group.weightDecay, firstBeta, secondBeta,
          hyperparameters.epsilon, firstCorrection, secondCorrection, gradientScale)
      }
    }
  }

  /// The first moments of a trained parameter; the storage lives as long as this object.
  public func firstMoments(of path: String) -> UnsafeMutableBufferPointer<Float> {
    moments(firstMoments, of: path)
  }

  public func secondMoments(of path: String) -> UnsafeMutableBufferPointer<Float> {
    moments(secondMoments, of: path)
  }

  /// The moments of all trained parameters at the offsets of their values, first and second.
  public var moments: [UnsafeBufferPointer<Float>] {
    [firstMoments, secondMoments].map { arena in
      UnsafeBufferPointer(
        start: arena.base.assumingMemoryBound(to: Float.self),
        count: parameters.layout.trainedElementCount)
    }
  }

  private func moments(_ arena: Arena, of path: String) -> UnsafeMutableBufferPointer<Float> {
    guard let entry = parameters.layout[path], entry.isTrained else {
      preconditionFailure("\(path) is not trained: it has no moments.")
    }
    return UnsafeMutableBufferPointer(
      start: arena.base.assumingMemoryBound(to: Float.self) + entry.offset,
      count: entry.parameter.elementCount)
  }
}
