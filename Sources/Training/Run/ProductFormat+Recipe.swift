internal import CPUDevice

extension ProductFormat {
  init(_ precision: Recipe.Precision) {
    switch precision {
    case .float32: self = .float32
    case .bfloat16: self = .bfloat16
    }
  }

  /// What to say where a processor lacks a format.
  static func missingNote(_ wanted: ProductFormat, _ used: ProductFormat) -> String {
    "this processor has no \(wanted.rawValue) products, \(used.rawValue) is used"
  }
}
