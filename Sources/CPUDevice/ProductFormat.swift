internal import CKernels

/// What matrix products round their operands to; sums are Float32 always.
///
/// Only products of many rows with a weight, and weights' gradients, follow it. Attention,
/// convolutions, logits, norms and everything else are Float32.
public enum ProductFormat: String, Sendable, CaseIterable {
  case float32
  /// The upper half of a Float32: its range, 8 bits of precision.
  case bfloat16

  /// Whether this process has instructions for it.
  public var isSupported: Bool {
    switch self {
    case .float32: true
    case .bfloat16: dq_bfloat16_is_fast() != 0
    }
  }

  /// Whether the processor has them, and only `DUIQI_INSTRUCTIONS` keeps them from this process.
  public var isForbidden: Bool {
    switch self {
    case .float32: false
    case .bfloat16: !isSupported && dq_processor_has_bfloat16() != 0
    }
  }
}
