internal import Autodiff

/// Why operations have no face in exports.
enum InferenceRule {
  static func reason(against operation: any Operation) -> String {
    switch operation {
    case is BatchNormalization: "BatchNormalization takes a training batch's own statistics"
    case is Dropout: "Dropout changes values at random, which only training wants"
    case is SymmetricInfoNCE, is CosineDistance: "\(operation.name) is a training objective"
    case is WidthInterpolation: "WidthInterpolation belongs to a training objective"
    case is any GradientOperation: "\(operation.name) is part of a gradient"
    default: "\(operation.name) has no ONNX face"
    }
  }
}
