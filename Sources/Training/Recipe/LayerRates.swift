internal import Autodiff
internal import Glibc
internal import Models

/// Shares of the learning rate that shrink from a tower's embedding to its input.
///
///     share = decay ^ (last layer - layer)
///
/// What was learned before is most general near the input and is best left alone there. Clark et
/// al. 2020, arXiv:2003.10555, appendix B; with layers counted as by BEiT (Bao et al. 2021,
/// arXiv:2106.08254): what makes the first tokens is layer 0, block i is layer i + 1, norm and
/// projection behind the blocks are the last.
struct LayerRates {
  /// Asked by path only.
  private var shares: [String: Float] = [:]

  init(decay: Float, of encoder: DualEncoder) {
    for layers in [encoder.image.parameterLayers, encoder.text.parameterLayers] {
      for (index, layer) in layers.enumerated() {
        let share = Float(pow(Double(decay), Double(layers.count - 1 - index)))
        for parameter in layer { shares[parameter.path] = share }
      }
    }
  }

  /// 1 for what lies in no tower, the logit scale.
  func share(of parameter: Parameter) -> Float { shares[parameter.path] ?? 1 }
}
