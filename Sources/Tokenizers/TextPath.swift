/// Which of the two text paths of Chinese-CLIP a text takes before it is split into words.
///
/// The original's data loaders lower-case a whole caption and straighten its curly double
/// quotes; its public `tokenize` function does neither, so the same text may get other ids.
public enum TextPath: Sendable, Hashable, CaseIterable {
  /// Training, validation and zero-shot evaluation: lower case, then U+201C and U+201D become `"`.
  case training
  /// The original's `tokenize` function and its ONNX examples: the text as it is.
  case plain
}
