/// How far a Float32 device may be from the Double reference, with the reason.
public struct Tolerance: Sendable {
  /// The largest norm of a difference, as a share of the reference's norm.
  public let relativeNorm: Double
  /// The largest difference of one element, as a share of itself plus the tensor's
  /// root mean square.
  public let element: Double
  /// What roundings leave where the exact difference of numbers near 1 is zero.
  public let absolute: Double
  public let reason: String

  public init(relativeNorm: Double, element: Double, absolute: Double, reason: String) {
    self.relativeNorm = relativeNorm
    self.element = element
    self.absolute = absolute
    self.reason = reason
  }

  /// No arithmetic beyond copying.
  public static let exact = Tolerance(
    relativeNorm: 0, element: 0, absolute: 0, reason: "Elements are copied.")
  /// A few roundings of 6e-8 each, or a polynomial with an error below 2e-7.
  public static let elementwise = Tolerance(
    relativeNorm: 5e-7, element: 2e-6, absolute: 1e-7,
    reason: "A few roundings and a polynomial an element.")
  /// Sums of up to a few hundred products, whose roundings add up.
  public static let product = Tolerance(
    relativeNorm: 2e-6, element: 1e-5, absolute: 2e-7,
    reason: "Float32 sums over the inner extent.")
  /// Differences of nearly equal sums, exponentials of products.
  public static let reduction = Tolerance(
    relativeNorm: 5e-6, element: 3e-5, absolute: 5e-7,
    reason: "Cancellation in means and softmax gradients.")

  /// Rows that hardly vary: 1 / sqrt(variance + 1e-5), up to 316, multiplies the roundings.
  public static let amplified = Tolerance(
    relativeNorm: 5e-4, element: 5e-4, absolute: 5e-5,
    reason: "Roundings are divided by a standard deviation near zero.")

  /// A chain of a block's operations; the gradient of a key bias is zero by cancellation alone.
  public static let block = Tolerance(
    relativeNorm: 2e-5, element: 1e-4, absolute: 1e-5,
    reason: "The roundings of a dozen operations in a row.")

  /// What is wrong, or nothing.
  ///
  /// - Parameter label: names the compared tensor in the message.
  public func complaint(_ label: String, _ values: [Float], reference: [Double]) -> String? {
    guard values.count == reference.count else {
      return "\(label) has \(values.count) elements, the reference \(reference.count)."
    }
    let squares = reference.reduce(0) { $0 + $1 * $1 }
    let rootMeanSquare = (squares / Double(max(reference.count, 1))).squareRoot()
    var differences = 0.0
    var worst = (index: 0, error: -1.0)
    for (index, expected) in reference.enumerated() {
      let difference = abs(Double(values[index]) - expected)
      differences += difference * difference
      let allowed = element * (abs(expected) + rootMeanSquare) + absolute
      if !(difference <= allowed), !(difference <= worst.error) { worst = (index, difference) }
    }
    if worst.error >= 0 || differences.isNaN {
      return "\(label)[\(worst.index)] is \(values[worst.index]), the reference has "
        + "\(reference[worst.index]) (root mean square \(rootMeanSquare), tolerance \(element))."
    }
    let floor = absolute * Double(reference.count).squareRoot()
    if differences.squareRoot() > relativeNorm * squares.squareRoot() + floor {
      return "\(label) differs by \(differences.squareRoot()) of \(squares.squareRoot()) in norm, "
        + "tolerance \(relativeNorm)."
    }
    return nil
  }
}
