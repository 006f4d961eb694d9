internal import Autodiff

/// Which tokens of a block's result are read behind it.
///
/// Where a tower reads first tokens alone, so does its last block: behind the attention, which all
/// tokens take part in, every map and norm works on each token by itself, and leaving the others
/// out changes no value and no gradient.
enum KeptTokens: Sendable {
  case all
  /// One row a sequence.
  case first

  /// - Parameter x: [rows, width]. - Returns: the same, or [sequences, width].
  func callAsFunction(_ x: Tensor, layout: TokenLayout) -> Tensor {
    switch self {
    case .all: x
    case .first: x.firstTokens(layout: layout)
    }
  }
}
