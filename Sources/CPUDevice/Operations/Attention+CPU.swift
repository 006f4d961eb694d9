internal import Autodiff
internal import CKernels
internal import Glibc

extension Attention: CPUExecutable {
  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext) {
    let (q, k, v) = (inputs[0], inputs[1], inputs[2])
    let spans = SequenceSpans(layout, rows: q.rows, tensors: inputs[3...])
    let tasks = AttentionTasks(self, spans: spans, width: q.width, context: context)
    // A recomputed copy may be wanted for its log-sum-exps alone.
    let y = tasks.results(results.prefix(1), like: q)[0]
    tasks.run { task in
      let start = task.rows.lowerBound * q.width + task.column
      dq_attention_forward(
        Int64(task.rows.count), tasks.headWidth, q.floats + start, Int64(q.width),
        k.floats + start, Int64(q.width), v.floats + start, Int64(q.width), tasks.scale,
        task.dropout, y.floats + start, Int64(q.width), task.logSumExp, task.scratch)
      // The result holds one number a row and head; the kernel writes a head's rows end to end.
      if let logSumExp = results[1]?.floats {
        for row in 0..<task.rows.count {
          logSumExp[(task.rows.lowerBound + row) * headCount + task.head] = task.logSumExp[row]
        }
      }
    }
    zeroPadding(of: [y], spans: spans)
  }

  func scratchCount(
    for inputs: [CPUBuffer], results: [CPUBuffer?], in context: CPUContext
  ) -> Int {
    inputs[0].count
      + AttentionTasks.scratchCount(
        SequenceSpans(layout, rows: inputs[0].rows, tensors: inputs[3...]),
        width: inputs[0].width, headCount: headCount)
  }
}

extension AttentionGradient: CPUExecutable {
  func run(_ inputs: [CPUBuffer], into results: [CPUBuffer?], in context: CPUContext) {
    let (q, k, v, kept, dy) = (inputs[0], inputs[1], inputs[2], inputs[3], inputs[4])
    let spans = SequenceSpans(forward.layout, rows: q.rows, tensors: inputs[5...])
    let tasks = AttentionTasks(forward, spans: spans, width: q.width, context: context)
    // Where a projection is locked, its share of the gradient is computed and not kept.
    let shares = tasks.results(results[...], like: q)
    let (dq, dk, dv) = (shares[0], shares[1], shares[2])
    let stride = Int64(q.width)
    tasks.run { task in
      let start = task.rows.lowerBound * q.width + task.column
      for row in 0..<task.rows.count {
        task.logSumExp[row] =
          kept.floats[(task.rows.lowerBound + row) * forward.headCount + task.head]
      }
      dq_attention_backward(
        Int64(task.rows.count), tasks.headWidth, q.floats + start, stride, k.floats + start,
        stride, v.floats + start, stride, dy.floats + start, stride,
        task.logSumExp, tasks.scale, task.dropout, dq.floats + start, dk.floats + start,
        dv.floats + start, stride, task.scratch)
    }
    zeroPadding(of: [dq, dk, dv], spans: spans)
  }

  func scratchCount(
    for inputs: [CPUBuffer], results: [CPUBuffer?], in context: CPUContext
  ) -> Int {
    2 * inputs[0].count
      + AttentionTasks.scratchCount(
        SequenceSpans(forward.layout, rows: inputs[0].rows, tensors: inputs[5...]),
        width: inputs[0].width, headCount: forward.headCount)
  }
}

/// One call of an attention kernel for every sequence and head.
private struct AttentionTasks {
  struct Task {
    let rows: Range<Int>
    let head: Int
    /// The head's first column.
    let column: Int
    let dropout: dq_attention_dropout
    /// [rows] of the task's own scratch.
    let logSumExp: UnsafeMutablePointer<Float>
    let scratch: UnsafeMutablePointer<Float>
  }

  /// Sequences and heads share scratch by slots; a slot is used by one thread at a time.
  static let slotCount = 64

  let operation: Attention
  let spans: SequenceSpans
  let context: CPUContext
  let headWidth: Int64
  let scale: Float

  init(_ operation: Attention, spans: SequenceSpans, width: Int, context: CPUContext) {
    self.operation = operation
    self.spans = spans
    self.context = context
    headWidth = Int64(width / operation.headCount)
    scale = 1 / Float(headWidth).squareRoot()
  }

  func run(_ body: (Task) -> Void) {
    let slotSize = AttentionTasks.slotSize(longest: spans.longest, headWidth: Int(headWidth))
    let unitCount = spans.count * operation.headCount
    let taskCount = min(AttentionTasks.slotCount, unitCount)
    context.threads.run(taskCount: taskCount) { slot in
      let scratch = context.scratch + slot * slotSize
      for unit in stride(from: slot, to: unitCount, by: taskCount) {
        let rows = spans.rows(of: unit / operation.headCount)
        if rows.isEmpty { continue }
        body(task(rows: rows, head: unit % operation.headCount, scratch: scratch))
      }
    }
  }

  private func task(
    rows: Range<Int>, head: Int, scratch: UnsafeMutablePointer<Float>
  ) -> Task {
    // 2^24 probabilities a sequence and head cover 4,096 tokens; more would only repeat bits.
    let block = UInt64(rows.lowerBound * operation.headCount + head)
    let dropout = dq_attention_dropout(
      key: context.randomKey, first_index: block << 24, site: operation.site,
      rate: operation.dropoutRate)
    let logSumExpCount = (rows.count + 15) / 16 * 16
    return Task(
      rows: rows, head: head, column: head * Int(headWidth), dropout: dropout,
      logSumExp: scratch, scratch: scratch + logSumExpCount)
  }

  /// The wanted results, and places in the scratch behind the slots for those that nobody reads.
  func results(_ wanted: ArraySlice<CPUBuffer?>, like value: CPUBuffer) -> [CPUBuffer] {
    var spare =
      context.scratch
      + AttentionTasks.scratchCount(spans, width: value.width, headCount: operation.headCount)
    return wanted.map { result in
      if let result { return result }
      defer { spare += value.count }
      return CPUBuffer(base: UnsafeMutableRawPointer(spare), extents: value.extents)
    }
  }

  static func scratchCount(_ spans: SequenceSpans, width: Int, headCount: Int) -> Int {
    min(slotCount, spans.count * headCount)
      * slotSize(longest: spans.longest, headWidth: width / headCount)
  }

  private static func slotSize(longest: Int, headWidth: Int) -> Int {
    let kernel = Int(dq_attention_scratch_count(Int64(longest), Int64(headWidth)))
    return (longest + 15) / 16 * 16 + (kernel + 15) / 16 * 16
  }
}

private func zeroPadding(of values: [CPUBuffer], spans: SequenceSpans) {
  guard case .padded = spans.kind else { return }
  for sequence in 0..<spans.count {
    let rows = spans.padding(of: sequence)
    for value in values {
      memset(
        value.floats + rows.lowerBound * value.width, 0,
        rows.count * value.width * MemoryLayout<Float>.stride)
    }
  }
}
