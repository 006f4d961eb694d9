internal import Autodiff
internal import CPUDevice
internal import Glibc

/// Keeps the multiplier of similarities between 1 and a maximum, after every update.
///
/// CLIP clips it at 100, so that a few confident pairs do not make training unstable (Radford et
/// al. 2021, arXiv:2103.00020, section 2.5); Chinese-CLIP cuts its logarithm to 0 ... 4.6052.
/// Gradients are not touched: one that pushes beyond the limit is simply cut, and one that pulls
/// back takes effect at once.
struct LogitScaleLimit {
  /// What similarities are multiplied with at most.
  let maximum: Float

  /// Cuts the parameter, a logarithm, if it is trained; a locked one is nobody's to change.
  ///
  /// A value that is not a number stays as it is, for the trainer to find.
  func apply(to parameters: CPUParameters, of logitScale: Parameter) {
    guard parameters.layout[logitScale.path]?.isTrained == true else { return }
    let storage = parameters.storage(of: logitScale.path)
    let limit = log(maximum)
    for index in storage.indices where storage[index] > limit || storage[index] < 0 {
      storage[index] = storage[index] > limit ? limit : 0
    }
  }
}
