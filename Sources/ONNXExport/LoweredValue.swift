internal import Autodiff

/// What has become of a graph's value during lowering.
enum LoweredValue {
  /// A value of the model, under this name.
  case named(String)
  /// Parameter values that no node has read yet: views and transposes of them cost nothing.
  case constant(LoweredConstant)
  /// Patches that no node has read yet: a linear map of them is a convolution.
  case patches(of: ValueID, size: Int)
}

/// A parameter, or successive values of it in another shape.
struct LoweredConstant: Hashable {
  let parameter: Parameter
  let elementOffset: Int
  let sizes: [Int]

  init(_ parameter: Parameter) {
    self.init(parameter, elementOffset: 0, sizes: parameter.sizes)
  }

  private init(_ parameter: Parameter, elementOffset: Int, sizes: [Int]) {
    self.parameter = parameter
    self.elementOffset = elementOffset
    self.sizes = sizes
  }

  /// The same values in another shape.
  func reshaped(_ sizes: [Int]) -> LoweredConstant {
    LoweredConstant(parameter, elementOffset: elementOffset, sizes: sizes)
  }

  /// Some rows of a matrix.
  func rows(_ range: Range<Int>) -> LoweredConstant {
    LoweredConstant(
      parameter, elementOffset: elementOffset + range.lowerBound * sizes[1],
      sizes: [range.count, sizes[1]])
  }

  /// As it is stored: under the parameter's path, then what was done to it.
  func initializer(isTransposed: Bool) -> ONNXInitializer {
    let values = ONNXInitializer.ParameterValues(
      path: parameter.path, elementCount: parameter.elementCount, elementOffset: elementOffset,
      isTransposed: isTransposed)
    var name = parameter.path
    if sizes != parameter.sizes {
      name += "/\(elementOffset)/" + sizes.map(\.description).joined(separator: "x")
    }
    if isTransposed { name += "/transposed" }
    return ONNXInitializer(
      name: name, sizes: isTransposed ? sizes.reversed() : sizes, contents: .parameter(values))
  }
}
