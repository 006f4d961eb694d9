/// What one optimizer step learns from: pairs whose other members are each other's wrong answers.
package struct ContrastiveBatch {
  package let count: Int
  /// [count, 3, size, size], normalized; empty when `imageEmbeddings` is given.
  package var pixels: [Float]
  /// [count, embeddingWidth] of a locked image tower; `nil` when pixels are to be encoded.
  package var imageEmbeddings: [Float]?
  /// Token ids of all captions, end to end.
  package var ids: [Int32]
  /// Where each caption starts in `ids`, and where the last one ends; count + 1 numbers.
  package var offsets: [Int32]
  /// Equal numbers where pictures are equal.
  package var imageGroups: [Int32]
  /// Equal numbers where captions are equal.
  package var textGroups: [Int32]

  package init(
    count: Int, pixels: [Float], imageEmbeddings: [Float]? = nil, ids: [Int32], offsets: [Int32],
    imageGroups: [Int32], textGroups: [Int32]
  ) {
    self.count = count
    self.pixels = pixels
    self.imageEmbeddings = imageEmbeddings
    self.ids = ids
    self.offsets = offsets
    self.imageGroups = imageGroups
    self.textGroups = textGroups
  }
}
