internal import CPUDevice

/// Ranks of all partners, found from blocks of similarities: never texts × images at once.
///
/// The blocks are computed twice: first for the similarity of each query's best partner, then to
/// count the wrong candidates at least as near. Both passes compute the same blocks, so equal
/// products are equal bits.
public struct RetrievalRanks: Sendable, Equatable {
  /// Of each text, the rank of its picture.
  public let textRanks: [Int]
  /// Of each picture with texts, in order, the rank of its best text.
  public let imageRanks: [Int]

  /// Similarities of some texts with some images, [texts, images] by rows, into the buffer.
  public typealias SimilarityBlock = (
    _ texts: Range<Int>, _ images: Range<Int>, _ result: UnsafeMutableBufferPointer<Float>
  ) -> Void

  /// - Parameters:
  ///   - partners: of each text, the row of its picture, below `imageCount`.
  ///   - blockRows: texts and images of a block.
  public init(
    imageCount: Int, partners: [Int], blockRows: Int = 256, similarities: SimilarityBlock
  ) {
    precondition(
      partners.allSatisfy { (0..<imageCount).contains($0) } && blockRows > 0,
      "Partners of \(partners.count) texts among \(imageCount) images, blocks of \(blockRows).")
    var count = RetrievalCount(imageCount: imageCount, partners: partners)
    let size = (texts: partners.count, images: imageCount)
    RetrievalRanks.forEachBlock(of: size, rows: blockRows, similarities) {
      count.findBest(texts: $0, images: $1, $2)
    }
    RetrievalRanks.forEachBlock(of: size, rows: blockRows, similarities) {
      count.countNearer(texts: $0, images: $1, $2)
    }
    textRanks = count.textRanks
    imageRanks = zip(count.imageRanks, count.hasTexts).filter(\.1).map(\.0)
  }

  private static func forEachBlock(
    of size: (texts: Int, images: Int), rows: Int, _ similarities: SimilarityBlock,
    _ body: (Range<Int>, Range<Int>, UnsafeMutableBufferPointer<Float>) -> Void
  ) {
    var block = [Float](repeating: 0, count: min(rows, size.texts) * min(rows, size.images))
    block.withUnsafeMutableBufferPointer { block in
      for firstText in stride(from: 0, to: size.texts, by: rows) {
        let texts = firstText..<min(firstText + rows, size.texts)
        for firstImage in stride(from: 0, to: size.images, by: rows) {
          let images = firstImage..<min(firstImage + rows, size.images)
          let part = UnsafeMutableBufferPointer(
            rebasing: block[..<(texts.count * images.count)])
          similarities(texts, images, part)
          body(texts, images, part)
        }
      }
    }
  }

  /// Ranks from embeddings in memory, on all threads of a device.
  ///
  /// - Parameters:
  ///   - images: unit rows, [images, width]. - texts: unit rows, [texts, width].
  init(images: [Float], texts: [Float], width: Int, partners: [Int], on device: CPUDevice) {
    precondition(
      width > 0 && images.count % width == 0 && texts.count == partners.count * width,
      "\(images.count) and \(texts.count) numbers are no rows of \(width).")
    self.init(imageCount: images.count / width, partners: partners) { rows, columns, result in
      texts.withUnsafeBufferPointer { texts in
        images.withUnsafeBufferPointer { images in
          device.dotProducts(
            of: UnsafeBufferPointer(
              rebasing: texts[rows.lowerBound * width..<rows.upperBound * width]),
            with: UnsafeBufferPointer(
              rebasing: images[columns.lowerBound * width..<columns.upperBound * width]),
            width: width, into: result)
        }
      }
    }
  }

  /// The same by plain loops: what the other is checked against.
  ///
  /// - Parameters:
  ///   - images: unit rows, [images, width]. - texts: unit rows, [texts, width].
  public init(images: [Float], texts: [Float], width: Int, partners: [Int]) {
    precondition(
      width > 0 && images.count % width == 0 && texts.count == partners.count * width,
      "\(images.count) and \(texts.count) numbers are no rows of \(width).")
    self.init(imageCount: images.count / width, partners: partners) { rows, columns, result in
      texts.withUnsafeBufferPointer { texts in
        images.withUnsafeBufferPointer { images in
          for (line, row) in rows.enumerated() {
            for (column, image) in columns.enumerated() {
              var sum: Float = 0
              for axis in 0..<width {
                sum += texts[row * width + axis] * images[image * width + axis]
              }
              result[line * columns.count + column] = sum
            }
          }
        }
      }
    }
  }
}

/// The state of both passes.
private struct RetrievalCount {
  let partners: [Int]
  var ownSimilarity: [Float]
  var bestSimilarity: [Float]
  var textRanks: [Int]
  var imageRanks: [Int]
  var hasTexts: [Bool]

  init(imageCount: Int, partners: [Int]) {
    self.partners = partners
    ownSimilarity = Array(repeating: -.infinity, count: partners.count)
    bestSimilarity = Array(repeating: -.infinity, count: imageCount)
    textRanks = Array(repeating: 1, count: partners.count)
    imageRanks = Array(repeating: 1, count: imageCount)
    hasTexts = Array(repeating: false, count: imageCount)
    for image in partners { hasTexts[image] = true }
  }

  mutating func findBest(
    texts: Range<Int>, images: Range<Int>, _ block: UnsafeMutableBufferPointer<Float>
  ) {
    for (line, text) in texts.enumerated() where images.contains(partners[text]) {
      let image = partners[text]
      let similarity = block[line * images.count + image - images.lowerBound]
      guard !similarity.isNaN else { continue }
      ownSimilarity[text] = similarity
      bestSimilarity[image] = max(bestSimilarity[image], similarity)
    }
  }

  mutating func countNearer(
    texts: Range<Int>, images: Range<Int>, _ block: UnsafeMutableBufferPointer<Float>
  ) {
    for (line, text) in texts.enumerated() {
      for (column, image) in images.enumerated() where image != partners[text] {
        // Written as "not farther", so that what is not a number counts.
        let similarity = block[line * images.count + column]
        if !(similarity < ownSimilarity[text]) { textRanks[text] += 1 }
        if !(similarity < bestSimilarity[image]) { imageRanks[image] += 1 }
      }
    }
  }
}
