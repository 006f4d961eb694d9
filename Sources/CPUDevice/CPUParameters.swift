public import Autodiff
internal import Glibc

/// Parameters, gradients and optimizer moments as flat arenas in one order.
public final class CPUParameters: ParameterStorage {
  public let layout: ParameterLayout
  private let valueArena: Arena
  private let gradientArena: Arena

  public init(_ layout: ParameterLayout) {
    self.layout = layout
    valueArena = Arena.required(byteCount: layout.elementCount * MemoryLayout<Float>.stride)
    gradientArena = Arena.required(
      byteCount: layout.trainedElementCount * MemoryLayout<Float>.stride)
  }

  /// All parameters; the first `layout.trainedElementCount` elements are the trained ones.
  public var values: UnsafeMutablePointer<Float> {
    valueArena.base.assumingMemoryBound(to: Float.self)
  }

  /// Gradients of the trained parameters at the same offsets.
  public var gradients: UnsafeMutablePointer<Float> {
    gradientArena.base.assumingMemoryBound(to: Float.self)
  }

  /// The place of a parameter's values; it lives as long as this object.
  public func storage(of path: String) -> UnsafeMutableBufferPointer<Float> {
    let entry = entry(path)
    return UnsafeMutableBufferPointer(
      start: values + entry.offset, count: entry.parameter.elementCount)
  }

  public func setValues(_ newValues: [Float], of path: String) {
    let storage = storage(of: path)
    precondition(
      newValues.count == storage.count,
      "\(path) has \(storage.count) elements, not \(newValues.count).")
    _ = storage.update(from: newValues)
  }

  public func values(of path: String) -> [Float] { Array(storage(of: path)) }

  public func gradient(of path: String) -> [Float] {
    let entry = entry(path)
    precondition(entry.isTrained, "\(path) is locked: it has no gradient.")
    return Array(
      UnsafeBufferPointer(start: gradients + entry.offset, count: entry.parameter.elementCount))
  }

  public func clearGradients() {
    memset(gradients, 0, layout.trainedElementCount * MemoryLayout<Float>.stride)
  }

  private func entry(_ path: String) -> ParameterLayout.Entry {
    guard let entry = layout[path] else {
      preconditionFailure("\(path) is not among the model's parameters.")
    }
    return entry
  }
}
