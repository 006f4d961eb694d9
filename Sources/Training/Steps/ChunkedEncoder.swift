internal import Autodiff
internal import CPUDevice

/// One tower over a contrastive batch that is larger than what is computed at once.
///
/// Every chunk is encoded, the loss is taken over all embeddings, and every chunk's gradient is
/// computed from its share of the loss's gradient (Gao et al. 2021, arXiv:2101.06983). Chunks whose
/// activations fit the memory budget keep a program each; the others share one and are encoded
/// again before their gradient. Gradients are added from the last chunk to the first, so the
/// budget changes no bit.
final class ChunkedEncoder {
  struct Chunk {
    /// Which rows of the batch's embeddings it makes.
    let rows: Range<Int>
    let sizes: AxisSizes
    /// Dropout's key; repeated when the chunk is encoded again.
    let randomKey: UInt64
    /// Gives the program its inputs.
    let feed: (CPUProgram) -> Void
  }

  let plan: Plan
  /// Whether blocks are computed again before their gradient.
  let isRecomputing: Bool
  private let makeProgram: () throws(DeviceError) -> CPUProgram
  private var programs: [CPUProgram] = []
  private let width: Int
  /// What the batch's chunks show of running statistics.
  let statistics: RunningStatistics

  init(
    _ tower: ChunkMemory.Tower, on device: CPUDevice, parameters: CPUParameters, width: Int
  ) throws(DeviceError) {
    let plan = tower.plan
    self.plan = plan
    self.width = width
    statistics = RunningStatistics(observedBy: plan, of: parameters)
    isRecomputing = tower.isRecomputing
    makeProgram = { () throws(DeviceError) in try device.compile(plan, parameters: parameters) }
    // Where embeddings are given, no chunk comes.
    if tower.role != .given { programs = [try makeProgram()] }
  }

  var programCount: Int { programs.count }

  /// Makes programs until there are so many.
  func reserve(programCount: Int) throws(DeviceError) {
    while programs.count < programCount {
      let program = try makeProgram()
      program.profile = programs.first?.profile
      programs.append(program)
    }
  }

  /// Encodes all chunks.
  ///
  /// - Parameter embeddings: [pairs, width]; row r of a chunk goes to its row of the batch.
  func encode(_ chunks: [Chunk], into embeddings: UnsafeMutableBufferPointer<Float>) {
    statistics.begin()
    for (index, chunk) in chunks.enumerated() {
      let program = program(of: index)
      encode(chunk, with: program)
      statistics.add(program)
      program.withValues(of: EncoderPlans.embeddings) { values in
        _ = UnsafeMutableBufferPointer(rebasing: embeddings[elements(of: chunk)])
          .update(fromContentsOf: values)
      }
    }
  }

  /// Adds the gradients of all chunks that `encode` was given last.
  ///
  /// - Parameter upstream: the loss's gradient, a row for each row of the embeddings.
  func addGradients(_ chunks: [Chunk], upstream: UnsafeBufferPointer<Float>) {
    let lastResident = chunks.count - 1
    for (index, chunk) in chunks.enumerated().reversed() {
      let program = program(of: index)
      if index >= programs.count - 1, index != lastResident { encode(chunk, with: program) }
      program.set(
        EncoderPlans.upstream, to: UnsafeBufferPointer(rebasing: upstream[elements(of: chunk)]))
      program.run(stage: 1, sizes: chunk.sizes, randomKey: chunk.randomKey)
    }
  }

  /// Reports the time of every step of every program.
  func profile(_ report: @escaping (StepTiming) -> Void) {
    for program in programs { program.profile = report }
  }

  private func encode(_ chunk: Chunk, with program: CPUProgram) {
    chunk.feed(program)
    program.run(stage: 0, sizes: chunk.sizes, randomKey: chunk.randomKey)
  }

  /// Where a chunk's embeddings lie among the batch's.
  private func elements(of chunk: Chunk) -> Range<Int> {
    chunk.rows.lowerBound * width..<chunk.rows.upperBound * width
  }

  /// The first chunks have programs of their own; the others share the last.
  private func program(of chunk: Int) -> CPUProgram { programs[min(chunk, programs.count - 1)] }
}
