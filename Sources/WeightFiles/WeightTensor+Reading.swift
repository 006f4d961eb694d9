internal import DurableFiles

extension WeightTensor {
  /// The numbers, the last axis running fastest. See ``read(into:)``.
  func read() throws(WeightFileError) -> [Float] {
    try checkReadable()
    var numbers = [Float](repeating: 0, count: elementCount)
    try numbers.withUnsafeMutableBufferPointer { (target) throws(WeightFileError) in
      _ = try read(into: target)
    }
    return numbers
  }

  /// Reads the numbers a piece at a time, whatever their type and their order in the file.
  ///
  /// What the file has a checksum for is compared with it before the first number is handed over.
  func read(
    into target: UnsafeMutableBufferPointer<Float>
  ) throws(WeightFileError) -> NonFiniteCount {
    precondition(target.count == elementCount, "\(name): \(target.count) of \(elementCount)")
    try checkReadable()
    guard elementCount > 0, let start = target.baseAddress else { return NonFiniteCount() }
    try storage.verify()
    if view.isContiguous {
      try readInOrder(into: start)
    } else {
      try readStrided(into: start)
    }
    return NonFiniteCount(in: UnsafeBufferPointer(target))
  }

  private func checkReadable() throws(WeightFileError) {
    let place = "\(path): `\(name)`"
    guard elementType.isReadable else {
      throw .unsupported(
        place: place, found: "elements of type \(elementType.rawValue)",
        remedy: "Convert it to F16, BF16 or F32 first.")
    }
    // A few bytes may state a shape of any size; a view that repeats elements is rare and small.
    guard elementCount <= storage.file.byteCount else {
      throw .beyondLimit(
        place: place, found: "\(elementCount) elements",
        limit: "as many as the file has bytes, \(storage.file.byteCount),")
    }
  }

  private func readInOrder(into target: UnsafeMutablePointer<Float>) throws(WeightFileError) {
    let width = elementType.byteCount
    let start = storage.range.lowerBound + view.offset * width
    var done = 0
    // A piece is a power of two, so that it holds whole elements.
    try storage.forEachPiece(of: start..<start + elementCount * width) {
      (bytes) throws(WeightFileError) in
      NumberConversion.convert(bytes, of: elementType, into: target + done)
      done += bytes.count / width
    }
  }

  /// Walks the elements in the order of the storage, as near as the strides allow, with a window
  /// of the file in memory.
  private func readStrided(into target: UnsafeMutablePointer<Float>) throws(WeightFileError) {
    let targetStrides = StridedView.contiguousStrides(shape) ?? []
    let axes = shape.indices.filter { shape[$0] > 1 }.sorted { strides[$0] > strides[$1] }
    var window = StorageWindow(self)
    var index = [Int](repeating: 0, count: axes.count)
    var (source, place) = (0, 0)
    for _ in 0..<elementCount {
      target[place] = try window.number(at: source)
      for position in axes.indices.reversed() {
        let axis = axes[position]
        index[position] += 1
        source += strides[axis]
        place += targetStrides[axis]
        if index[position] < shape[axis] { break }
        source -= strides[axis] * shape[axis]
        place -= targetStrides[axis] * shape[axis]
        index[position] = 0
      }
    }
  }
}

/// Some numbers of a tensor's storage, from one element on.
private struct StorageWindow {
  private static let elementCount = 1 << 14

  private let tensor: WeightTensor
  private var numbers: [Float] = []
  private var start = 0

  init(_ tensor: WeightTensor) { self.tensor = tensor }

  /// - Parameter index: from the tensor's first element on, inside its extent.
  mutating func number(at index: Int) throws(WeightFileError) -> Float {
    if index < start || index >= start + numbers.count { try move(to: index) }
    return numbers[index - start]
  }

  private mutating func move(to index: Int) throws(WeightFileError) {
    let (type, view, storage) = (tensor.elementType, tensor.view, tensor.storage)
    let count = min(Self.elementCount, view.extent - index)
    let first = storage.range.lowerBound + (view.offset + index) * type.byteCount
    let bytes = try storage.file.bytes(first..<first + count * type.byteCount)
    numbers = [Float](unsafeUninitializedCapacity: count) { target, initialized in
      bytes.withUnsafeBytes { bytes in
        if let start = target.baseAddress {
          NumberConversion.convert(bytes, of: type, into: start)
        }
      }
      initialized = count
    }
    start = index
  }
}
