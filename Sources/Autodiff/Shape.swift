/// A dimension whose size is known only when a program runs, such as the tokens of a chunk.
public struct Axis: Hashable, Sendable {
  public let name: String

  public init(_ name: String) {
    self.name = name
  }

  /// Pictures in a chunk.
  public static let images = Axis("images")
  /// Token rows in a packed chunk.
  public static let tokens = Axis("tokens")
  /// Token sequences in a packed chunk.
  public static let sequences = Axis("sequences")
  /// Pairs in a contrastive batch.
  public static let pairs = Axis("pairs")
  /// Sequences in a padded batch.
  public static let batch = Axis("batch")
  /// Columns in a padded batch.
  public static let length = Axis("length")
}

/// The sizes that axes take in one run, or their capacities in a plan.
public struct AxisSizes: Hashable, Sendable, ExpressibleByDictionaryLiteral {
  private var sizes: [Axis: Int]

  public init(dictionaryLiteral elements: (Axis, Int)...) {
    sizes = Dictionary(elements, uniquingKeysWith: { first, _ in first })
  }

  public subscript(axis: Axis) -> Int {
    get {
      guard let size = sizes[axis] else {
        preconditionFailure("Axis \(axis.name) has no size here; give one in AxisSizes.")
      }
      return size
    }
    set { sizes[axis] = newValue }
  }

  public func contains(_ axis: Axis) -> Bool { sizes[axis] != nil }
}

/// One extent of a shape: a number times a product of axes.
///
/// `images * 197` is the row count of a vision chunk, `batch * length` that of a padded text
/// batch. Keeping the factors apart is what lets an exporter write `[images, 197, width]`.
public struct Extent: Hashable, Sendable, ExpressibleByIntegerLiteral {
  public let factor: Int
  public let axes: [Axis]

  public init(_ factor: Int, axes: [Axis] = []) {
    self.factor = factor
    self.axes = axes
  }

  public init(_ axis: Axis) {
    self.init(1, axes: [axis])
  }

  public init(integerLiteral value: Int) {
    self.init(value)
  }

  /// The number itself, when no axis takes part.
  public var fixed: Int? { axes.isEmpty ? factor : nil }

  public func size(_ sizes: borrowing AxisSizes) -> Int {
    var product = factor
    for axis in axes { product *= sizes[axis] }
    return product
  }

  public static func * (extent: Extent, factor: Int) -> Extent {
    Extent(extent.factor * factor, axes: extent.axes)
  }

  public static func * (left: Extent, right: Extent) -> Extent {
    Extent(left.factor * right.factor, axes: left.axes + right.axes)
  }
}

extension Extent: CustomStringConvertible {
  public var description: String {
    let names = axes.map(\.name).joined(separator: "*")
    if axes.isEmpty { return "\(factor)" }
    return factor == 1 ? names : "\(names)*\(factor)"
  }
}

/// The extents of a value, outermost first; row-major.
public struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral {
  public let extents: [Extent]

  public init(_ extents: [Extent]) {
    self.extents = extents
  }

  public init(arrayLiteral elements: Extent...) {
    self.init(elements)
  }

  public init(fixed sizes: [Int]) {
    self.init(sizes.map { Extent($0) })
  }

  public var rank: Int { extents.count }
  public subscript(index: Int) -> Extent { extents[index] }
  public var last: Extent { extents[extents.count - 1] }

  public func sizes(_ axisSizes: borrowing AxisSizes) -> [Int] {
    var sizes: [Int] = []
    sizes.reserveCapacity(extents.count)
    for extent in extents { sizes.append(extent.size(axisSizes)) }
    return sizes
  }

  public func elementCount(_ axisSizes: borrowing AxisSizes) -> Int {
    var count = 1
    for extent in extents { count *= extent.size(axisSizes) }
    return count
  }

  /// All extents multiplied, in a canonical form in which equal counts compare equal.
  var product: Extent {
    let factor = extents.reduce(1) { $0 * $1.factor }
    let axes = extents.flatMap(\.axes).sorted { $0.name < $1.name }
    return Extent(factor, axes: axes)
  }
}

extension Shape: CustomStringConvertible {
  public var description: String {
    "[" + extents.map(\.description).joined(separator: ", ") + "]"
  }
}

/// What an element of a value is. Operations compute in Float32; ids and masks are Int32.
public enum ElementType: Hashable, Sendable {
  case float32
  case int32

  public var byteCount: Int { 4 }
}
