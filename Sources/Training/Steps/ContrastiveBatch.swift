/// What one optimizer step learns from: pairs whose other members are each other's wrong answers.
package struct ContrastiveBatch {
  package enum Images {
    /// Writes the normalized pixels of some of the batch's pictures, [range, 3, size, size].
    case pixels((Range<Int>, UnsafeMutableBufferPointer<Float>) -> Void)
    /// What a locked image tower made of them, [count, embeddingWidth].
    case embeddings([Float])
  }

  package let count: Int
  package let images: Images
  /// What the teacher makes of the pictures, [count, teacherWidth], where that is known already.
  package let teacherFeatures: [Float]?
  /// What a locked text tower makes of the captions, [count, embeddingWidth], where it is known.
  package let textEmbeddings: [Float]?
  /// Token ids of all captions, end to end.
  package let ids: [Int32]
  /// Where each caption starts in `ids`, and where the last one ends; count + 1 numbers.
  package let offsets: [Int32]
  /// Equal numbers where pictures are equal.
  package let imageGroups: [Int32]
  /// Equal numbers where captions are equal.
  package let textGroups: [Int32]

  package init(
    count: Int, images: Images, teacherFeatures: [Float]? = nil, textEmbeddings: [Float]? = nil,
    ids: [Int32], offsets: [Int32], imageGroups: [Int32], textGroups: [Int32]
  ) {
    self.count = count
    self.images = images
    self.teacherFeatures = teacherFeatures
    self.textEmbeddings = textEmbeddings
    self.ids = ids
    self.offsets = offsets
    self.imageGroups = imageGroups
    self.textGroups = textGroups
  }
}
