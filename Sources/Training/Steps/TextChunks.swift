internal import Autodiff
internal import CPUDevice

/// Packed captions cut into chunks by their tokens.
enum TextChunks {
  /// - Parameter offsets: where each caption starts, and where the last one ends.
  /// - Returns: ranges of captions, each of at most `tokenLimit` tokens or of one caption.
  static func split(offsets: [Int32], tokenLimit: Int) -> [Range<Int>] {
    var chunks: [Range<Int>] = []
    var start = 0
    let count = max(0, offsets.count - 1)
    for caption in 0..<count where caption > start {
      if Int(offsets[caption + 1] - offsets[start]) > tokenLimit {
        chunks.append(start..<caption)
        start = caption
      }
    }
    if start < count { chunks.append(start..<count) }
    return chunks
  }

  /// How many captions a chunk of so many tokens may hold.
  ///
  /// A caption has two tokens at least, its first and its last.
  static func captionLimit(tokenLimit: Int) -> Int { tokenLimit / 2 }

  /// The inputs of a packed text program for some captions of a batch.
  struct Tokens {
    private let ids: ArraySlice<Int32>
    /// Where each caption starts in the batch, and where the last one ends.
    private let offsets: ArraySlice<Int32>

    init(_ ids: [Int32], offsets: [Int32], rows: Range<Int>) {
      self.offsets = offsets[rows.lowerBound...rows.upperBound]
      self.ids = ids[Int(offsets[rows.lowerBound])..<Int(offsets[rows.upperBound])]
    }

    var sizes: AxisSizes { [.tokens: ids.count, .sequences: offsets.count - 1] }

    func feed(_ program: CPUProgram) {
      ids.withUnsafeBufferPointer { program.set("ids", to: $0) }
      let first = offsets.startIndex
      program.withIntegerInput("starts", count: offsets.count - 1) { starts in
        for caption in starts.indices {
          starts[caption] = offsets[first + caption] - offsets[first]
        }
      }
      program.withIntegerInput("lengths", count: offsets.count - 1) { lengths in
        for caption in lengths.indices {
          lengths[caption] = offsets[first + caption + 1] - offsets[first + caption]
        }
      }
    }
  }
}
