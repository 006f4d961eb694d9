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

  /// The inputs of a packed text program for some captions of a batch.
  struct Tokens {
    let ids: [Int32]
    let starts: [Int32]
    let lengths: [Int32]

    init(_ ids: [Int32], offsets: [Int32], rows: Range<Int>) {
      let base = offsets[rows.lowerBound]
      self.ids = Array(ids[Int(base)..<Int(offsets[rows.upperBound])])
      starts = rows.map { offsets[$0] - base }
      lengths = rows.map { offsets[$0 + 1] - offsets[$0] }
    }

    func feed(_ program: CPUProgram) {
      program.set("ids", to: ids)
      program.set("starts", to: starts)
      program.set("lengths", to: lengths)
    }
  }
}
