internal import Autodiff

/// Where each sequence of a layout lies among the rows of a value.
struct SequenceSpans {
  let kind: TokenLayout.Kind
  let count: Int
  /// Rows from the start of one sequence to the next, where that is the same for all.
  private let stride: Int
  private let starts: UnsafeMutablePointer<Int32>?
  private let lengths: UnsafeMutablePointer<Int32>?

  /// - Parameter tensors: the layout's own tensors, as ``TokenLayout`` lists them.
  init(_ kind: TokenLayout.Kind, rows: Int, tensors: ArraySlice<CPUBuffer>) {
    self.kind = kind
    switch kind {
    case .equal(let length):
      (count, stride, starts, lengths) = (rows / length, length, nil, nil)
    case .packed:
      let (first, second) = (tensors[tensors.startIndex], tensors[tensors.startIndex + 1])
      (count, stride, starts, lengths) = (first.count, 0, first.ids, second.ids)
    case .padded:
      let mask = tensors[tensors.startIndex]
      (count, stride, starts, lengths) = (mask.rows, mask.width, mask.ids, nil)
    }
  }

  /// The rows of a sequence that count.
  func rows(of sequence: Int) -> Range<Int> {
    switch kind {
    case .equal:
      return sequence * stride..<(sequence + 1) * stride
    case .packed:
      guard let starts, let lengths else { preconditionFailure("Packed rows come with spans.") }
      let start = Int(starts[sequence])
      return start..<start + Int(lengths[sequence])
    case .padded:
      guard let mask = starts else { preconditionFailure("Padded rows come with a mask.") }
      var length = 0
      while length < stride, mask[sequence * stride + length] != 0 { length += 1 }
      return sequence * stride..<sequence * stride + length
    }
  }

  /// The rows of a sequence that are padding.
  func padding(of sequence: Int) -> Range<Int> {
    guard case .padded = kind else { return 0..<0 }
    return rows(of: sequence).upperBound..<(sequence + 1) * stride
  }

  /// The length of the longest sequence.
  var longest: Int {
    if case .equal(let length) = kind { return length }
    var longest = 0
    for sequence in 0..<count { longest = max(longest, rows(of: sequence).count) }
    return longest
  }
}
