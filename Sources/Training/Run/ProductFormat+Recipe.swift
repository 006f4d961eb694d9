internal import CPUDevice

extension ProductFormat {
  init(_ precision: Recipe.Precision) {
    switch precision {
    case .float32: self = .float32
    case .bfloat16: self = .bfloat16
    }
  }

  /// What to say where a process lacks a format.
  static func missingNote(_ wanted: ProductFormat, _ used: ProductFormat) -> String {
    wanted.isForbidden
      ? "\(InstructionSet.variable)=\(InstructionSet.current.rawValue) leaves out "
        + "\(wanted.rawValue) products, which this processor has; \(used.rawValue) is used"
      : "this processor has no \(wanted.rawValue) products, \(used.rawValue) is used"
  }
}
