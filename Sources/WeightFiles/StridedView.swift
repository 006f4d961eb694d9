/// Which elements of a storage a tensor shows, and in which order.
struct StridedView: Equatable {
  /// The first element, from the start of the storage.
  let offset: Int
  let shape: [Int]
  /// Elements from one index of an axis to the next.
  let strides: [Int]
  let elementCount: Int
  /// Elements from the first one shown to the last one, both included.
  let extent: Int

  static let rankLimit = 64

  /// Fails where the numbers are negative or their products exceed 63 bits.
  init?(offset: Int, shape: [Int], strides: [Int]) {
    guard shape.count == strides.count, shape.count <= Self.rankLimit, offset >= 0,
      shape.allSatisfy({ $0 >= 0 }), strides.allSatisfy({ $0 >= 0 }),
      let elementCount = Self.product(shape)
    else { return nil }
    var last = 0
    for (size, stride) in zip(shape, strides) where size > 0 {
      let (steps, overflow) = stride.multipliedReportingOverflow(by: size - 1)
      let (sum, sumOverflow) = last.addingReportingOverflow(steps)
      guard !overflow, !sumOverflow else { return nil }
      last = sum
    }
    guard elementCount == 0 || !offset.addingReportingOverflow(last).overflow, last < Int.max else {
      return nil
    }
    self.offset = offset
    self.shape = shape
    self.strides = strides
    self.elementCount = elementCount
    extent = elementCount == 0 ? 0 : last + 1
  }

  /// The view of a whole storage, the last axis running fastest.
  init?(offset: Int = 0, contiguous shape: [Int]) {
    guard shape.allSatisfy({ $0 >= 0 }), let strides = Self.contiguousStrides(shape) else {
      return nil
    }
    self.init(offset: offset, shape: shape, strides: strides)
  }

  /// Whether the elements lie in the storage one after the other, in the tensor's order.
  var isContiguous: Bool {
    var expected = 1
    for (size, stride) in zip(shape, strides).reversed() where size != 1 {
      if stride != expected { return elementCount == 0 }
      expected *= max(size, 1)
    }
    return true
  }

  func fits(storageOf count: Int) -> Bool {
    elementCount == 0 ? offset <= count : offset <= count && extent <= count - offset
  }

  /// Strides of an array whose last axis runs fastest; nothing where they exceed 63 bits.
  static func contiguousStrides(_ shape: [Int]) -> [Int]? {
    var strides = [Int](repeating: 1, count: shape.count)
    var stride = 1
    for axis in shape.indices.reversed() {
      strides[axis] = stride
      let (next, overflow) = stride.multipliedReportingOverflow(by: max(shape[axis], 1))
      guard !overflow else { return nil }
      stride = next
    }
    return strides
  }

  /// The number of elements of a shape; nothing where it exceeds 63 bits.
  static func product(_ shape: [Int]) -> Int? {
    if shape.contains(0) { return 0 }
    var product = 1
    for size in shape {
      let (next, overflow) = product.multipliedReportingOverflow(by: size)
      guard !overflow else { return nil }
      product = next
    }
    return product
  }
}

extension StridedView {
  /// The same view from a later element on; nothing where that exceeds 63 bits.
  func moved(by count: Int) -> StridedView? {
    let (offset, overflow) = offset.addingReportingOverflow(count)
    return overflow ? nil : StridedView(offset: offset, shape: shape, strides: strides)
  }
}
