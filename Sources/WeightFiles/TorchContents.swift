/// What a file of PyTorch's holds, whichever container it is in.
struct TorchContents {
  let tensors: [WeightTensor]
  let otherTensors: [WeightTensor]
  let values: [NamedValue]
  let stateKey: String?

  /// - Parameter locate: finds the bytes of a storage.
  init(
    _ pickle: PickleMachine.Result, place: String,
    locate: (PickledStorage) throws(WeightFileError) -> Storage
  ) throws(WeightFileError) {
    let listing = try TensorListing(pickle, place: place)
    tensors = try Self.placed(listing.tensors, locate)
    otherTensors = try Self.placed(listing.otherTensors, locate)
    values = listing.values
    stateKey = listing.stateKey
  }

  private static func placed(
    _ tensors: [(name: String, tensor: PickledTensor)],
    _ locate: (PickledStorage) throws(WeightFileError) -> Storage
  ) throws(WeightFileError) -> [WeightTensor] {
    var placed: [WeightTensor] = []
    for (name, tensor) in tensors {
      let storage = try locate(tensor.storage)
      placed.append(
        WeightTensor(
          name: name, elementType: tensor.elementType, storage: storage, view: tensor.view))
    }
    return placed
  }
}

extension PickledStorage {
  /// Bytes of the whole storage; nothing where they exceed 63 bits.
  var byteCount: Int? {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: elementType?.byteCount ?? 1)
    return overflow ? nil : bytes
  }
}
