internal import DurableFiles

/// A tensor of a weight file: what it is and where it lies; its numbers stay on the disk.
public struct WeightTensor {
  /// The keys on the way to it, joined by dots, such as `visual.conv1.weight`.
  public let name: String
  public let elementType: ElementType
  public let shape: [Int]
  /// Elements from one index of an axis to the next.
  public let strides: [Int]
  public let elementCount: Int
  let storage: Storage
  let view: StridedView

  init(name: String, elementType: ElementType, storage: Storage, view: StridedView) {
    self.name = name
    self.elementType = elementType
    shape = view.shape
    strides = view.strides
    elementCount = view.elementCount
    self.storage = storage
    self.view = view
  }

  /// The file that holds the numbers, which for sharded weights is one of several.
  public var path: String { storage.file.path }

  /// Where its first element is in that file.
  public var byteOffset: Int {
    storage.range.lowerBound + view.offset * elementType.bitCount / 8
  }

  /// The tensor of some indices of the first axis.
  func rows(_ rows: Range<Int>) -> WeightTensor {
    precondition(
      !shape.isEmpty && rows.lowerBound >= 0 && rows.upperBound <= shape[0],
      "\(name) is \(shape), rows \(rows) are not all inside.")
    guard
      let part = StridedView(
        offset: view.offset + (rows.isEmpty ? 0 : rows.lowerBound * strides[0]),
        shape: [rows.count] + shape.dropFirst(), strides: strides)
    else { preconditionFailure("\(name): a part of a view is no larger than the view.") }
    return WeightTensor(name: name, elementType: elementType, storage: storage, view: part)
  }

  /// Whether another tensor shows numbers of the same storage.
  public func sharesStorage(with other: WeightTensor) -> Bool { storage === other.storage }
}

/// Numbers among those read that a model cannot use.
public struct NonFiniteCount: Equatable, Sendable {
  public var notANumber = 0
  /// Infinite, in the file or once they are `Float`.
  public var infinite = 0

  public var isZero: Bool { notANumber == 0 && infinite == 0 }

  public init(notANumber: Int = 0, infinite: Int = 0) {
    self.notANumber = notANumber
    self.infinite = infinite
  }

  /// What is not finite among some numbers.
  public init(in numbers: UnsafeBufferPointer<Float>) {
    for number in numbers where !number.isFinite {
      if number.isNaN { notANumber += 1 } else { infinite += 1 }
    }
  }

  public static func + (left: Self, right: Self) -> Self {
    Self(
      notANumber: left.notANumber + right.notANumber, infinite: left.infinite + right.infinite)
  }
}
