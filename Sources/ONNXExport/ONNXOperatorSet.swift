/// The version of ONNX's operators that a model is written with.
///
/// - Source: ONNX, "Versioning" and the changelog of operators.
public enum ONNXOperatorSet: Int64, CaseIterable, Sendable {
  /// What Chinese-CLIP's own exports are written with; there is no LayerNormalization in it.
  case v13 = 13
  /// The first one with LayerNormalization.
  case v17 = 17

  /// The oldest format that the set needs, so that old runtimes load it too.
  var formatVersion: Int64 {
    switch self {
    case .v13: 7
    case .v17: 8
    }
  }

  var hasLayerNormalization: Bool { self == .v17 }

  /// Whether `Shape` can give a part of a shape, which came with set 15.
  var hasPartialShape: Bool { self == .v17 }
}
