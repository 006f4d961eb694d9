internal import Autodiff
internal import CKernels
internal import Glibc

/// A moving average of the trained parameters, in an arena beside theirs.
///
///     average = decay * average + (1 - decay) * weight
///
/// It starts as the weights are when it is made. Tarvainen and Valpola 2017, arXiv:1703.01780,
/// equation 2. Statistics that batches move are averages already and have none here.
public final class WeightAverage {
  private let parameters: CPUParameters
  private let threads: ThreadPool
  private let decay: Float
  private let averages: Arena

  /// - Parameter decay: above 0 and below 1.
  public init(_ parameters: CPUParameters, device: CPUDevice, decay: Float) {
    self.parameters = parameters
    threads = device.threads
    self.decay = decay
    averages = Arena.required(
      byteCount: parameters.layout.trainedElementCount * MemoryLayout<Float>.stride)
    values.update(from: parameters.values, count: parameters.layout.trainedElementCount)
  }

  /// Moves to where the weights are now, after an update.
  public func update() {
    let (weights, averages) = (parameters.values, values)
    threads.run(over: parameters.layout.trainedElementCount, grain: elementGrain) { range in
      let start = range.lowerBound
      dq_moving_average(Int64(range.count), decay, weights + start, averages + start)
    }
  }

  /// Puts the averages where the weights are, and the weights here; a second call undoes it.
  ///
  /// In between every program computes with the averages.
  public func exchange() {
    let count = parameters.layout.trainedElementCount
    let (weights, averages) = (parameters.values, values)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: elementGrain) { block in
      guard let kept = block.baseAddress else { return }
      for start in stride(from: 0, to: count, by: elementGrain) {
        let size = min(elementGrain, count - start)
        kept.update(from: weights + start, count: size)
        (weights + start).update(from: averages + start, count: size)
        (averages + start).update(from: kept, count: size)
      }
    }
  }

  /// The average of a trained parameter; the storage lives as long as this object.
  public func values(of path: String) -> UnsafeMutableBufferPointer<Float> {
    guard let entry = parameters.layout[path], entry.isTrained else {
      preconditionFailure("\(path) is not trained: it has no average.")
    }
    return UnsafeMutableBufferPointer(
      start: values + entry.offset, count: entry.parameter.elementCount)
  }

  /// The averages of all trained parameters at the offsets of their weights.
  public var all: UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(start: values, count: parameters.layout.trainedElementCount)
  }

  private var values: UnsafeMutablePointer<Float> {
    averages.base.assumingMemoryBound(to: Float.self)
  }
}
