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

  public static func + (left: Self, right: Self) -> Self {
    Self(
      notANumber: left.notANumber + right.notANumber, infinite: left.infinite + right.infinite)
  }
}
