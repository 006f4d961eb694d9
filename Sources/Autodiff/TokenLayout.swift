/// How the rows of a [rows, width] value are divided into sequences.
///
/// Layers work on rows and do not know; only attention, positions and pooling ask.
public struct TokenLayout {
  /// The part of a layout that an operation stores.
  public enum Kind: Hashable, Sendable {
    /// Every sequence has this many rows, end to end: patches of pictures.
    case equal(length: Int)
    /// Sequences of different lengths end to end, none padded: captions in training.
    case packed
    /// [batch, length] rows of which the first few of each sequence count: export.
    case padded
  }

  public let kind: Kind
  /// How many sequences there are.
  public let sequences: Extent
  /// How many rows.
  public let rows: Extent
  /// What operations are given beside their values: nothing for equal lengths; `starts` and
  /// `lengths`, Int32 [sequences], for packed rows; `mask`, Int32 [batch, length] of 1 then 0, for
  /// padded ones.
  public let tensors: [Tensor]

  public static func equal(sequences: Axis, length: Int) -> TokenLayout {
    TokenLayout(
      kind: .equal(length: length), sequences: Extent(sequences),
      rows: Extent(sequences) * length, tensors: [])
  }

  /// Declares the inputs `starts` and `lengths` in the graph.
  public static func packed(in graph: Graph) -> TokenLayout {
    let sequences = Extent(.sequences)
    return TokenLayout(
      kind: .packed, sequences: sequences, rows: Extent(.tokens),
      tensors: [
        graph.input("starts", [sequences], .int32), graph.input("lengths", [sequences], .int32),
      ])
  }

  /// Declares the input `attention_mask` in the graph.
  public static func padded(in graph: Graph) -> TokenLayout {
    let mask = graph.input("attention_mask", [Extent(.batch), Extent(.length)], .int32)
    return TokenLayout(
      kind: .padded, sequences: Extent(.batch), rows: Extent(.batch) * Extent(.length),
      tensors: [mask])
  }
}
