internal import CPUDevice

extension ProductFormat {
  init(_ precision: Recipe.Precision) {
    switch precision {
    case .float32: self = .float32
    case .bfloat16: self = .bfloat16
    }
  }
}
