internal import Autodiff
internal import CKernels
internal import Glibc

extension CPUParameters {
  /// Gives every parameter its start values.
  ///
  /// A value depends on the seed, the parameter's path and the element alone, so adding a layer
  /// moves no other layer's start.
  public func initialize(seed: UInt64) {
    for entry in layout.entries { initialize(entry.parameter.path, seed: seed) }
  }

  /// Gives one parameter its start values.
  public func initialize(_ path: String, seed: UInt64) {
    guard let parameter = layout[path]?.parameter else {
      preconditionFailure("\(path) is not among the model's parameters.")
    }
    let storage = storage(of: path)
    switch parameter.initializer {
    case .zeros: storage.update(repeating: 0)
    case .ones: storage.update(repeating: 1)
    case .constant(let value): storage.update(repeating: value)
    case .uniform(let bound):
      for index in storage.indices {
        storage[index] = bound * Float(2 * uniform(seed, path: parameter.pathHash, index) - 1)
      }
    case .normal(let deviation):
      // Box and Muller 1958: two uniform numbers an element, so elements are independent of order.
      for index in storage.indices {
        let radius = (-2 * log(uniform(seed, path: parameter.pathHash, 2 * index))).squareRoot()
        let angle = 2 * Double.pi * uniform(seed, path: parameter.pathHash, 2 * index + 1)
        storage[index] = deviation * Float(radius * cos(angle))
      }
    }
  }

  /// A number in the open interval from 0 to 1.
  private func uniform(_ seed: UInt64, path: UInt32, _ index: Int) -> Double {
    (Double(dq_random_uint32(seed, path, UInt64(index))) + 0.5) / 4_294_967_296
  }
}

extension Parameter {
  /// FNV-1a of the path's bytes: which random stream the parameter draws from.
  fileprivate var pathHash: UInt32 {
    path.utf8.reduce(2_166_136_261) { ($0 ^ UInt32($1)) &* 16_777_619 }
  }
}
