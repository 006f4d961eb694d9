internal import Autodiff
internal import CPUDevice
internal import Models
internal import WeightFiles

extension CheckpointModel {
  /// Sizes of the model's parameters by path.
  private var parameterSizes: [String: [Int]] {
    Dictionary(
      uniqueKeysWithValues: loaded.parameters.layout.entries.map {
        ($0.parameter.path, $0.parameter.sizes)
      })
  }

  /// The model's weights as a dialect has them, without their numbers.
  func tensors(_ entries: [DialectEntry]) -> [DialectTensor] {
    let sizes = parameterSizes
    return DialectTensor.all(of: entries) { sizes[$0] ?? [] }
  }

  /// Adds the numbers of tensors to a draft that announced them, in order.
  func add(
    _ tensors: [DialectTensor], to draft: some WeightDraft, progress: Progress
  ) throws(ModelError) {
    let sizes = parameterSizes
    for (index, tensor) in tensors.enumerated() {
      try StopSignals.check()
      for part in tensor.parts {
        let own = loaded.parameters.storage(of: part.path)
        do throws(WeightFileError) {
          if part.edit == .transposed {
            let values = part.foreignValues(from: Array(own), sizes: sizes[part.path] ?? [])
            try values.withUnsafeBufferPointer { (values) throws(WeightFileError) in
              try draft.add(values)
            }
          } else {
            try draft.add(UnsafeBufferPointer(own))
          }
        } catch {
          throw .weights(error)
        }
      }
      progress(index + 1, tensors.count, "tensors")
    }
  }
}

extension DialectTensor {
  func announced(as name: String) -> AnnouncedTensor {
    AnnouncedTensor(name: name, shape: sizes, form: isCount ? .int64 : .float32)
  }
}
