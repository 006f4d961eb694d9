internal import DurableFiles
internal import Synchronization

/// What was written of a tensor, to be compared with what a reader finds.
struct WrittenTensor: Sendable {
  let section: CheckpointSection
  let path: String
  let sizes: [Int]
  /// Of each run in order.
  var hashes: [UInt64] = []
}

/// Writes tensors chunk by chunk, while another thread adds the same chunks to the digests.
///
/// A digest is one long sum, which takes as long as all the rest together; side by side, writing is
/// nearly as fast as the slower of the two.
final class TensorWriter {
  /// A digest that one thread after the other adds to.
  private final class Digest: Sendable {
    let sum = Mutex(CheckpointDigest())
  }

  /// Chunks that are made ready together. What a thread costs is small beside them.
  private static let batchCount = 8

  private let parameters = Digest()
  private let optimizer = Digest()
  /// Adds the last batch to its digest.
  private var adding: BackgroundWork<Void>?
  private(set) var written: [WrittenTensor] = []
  private var buffers: [ChunkBuffer] = []

  /// Writes all elements of a new dataset.
  func write(
    _ tensor: CheckpointTensor, in section: CheckpointSection,
    to dataset: HDF5File.NewDataset, of file: HDF5File
  ) throws(HDF5Failure) {
    let digest = section == .parameters ? parameters : optimizer
    let name = section == .parameters ? tensor.path : "\(section.rawValue)/\(tensor.path)"
    wait()
    digest.sum.withLock { $0.begin(name, sizes: tensor.sizes) }
    var record = WrittenTensor(section: section, path: tensor.path, sizes: tensor.sizes)
    let grid = dataset.grid
    let batches = buffers(for: grid)
    for start in stride(from: 0, to: grid.count, by: Self.batchCount) {
      let runs = (start..<min(start + Self.batchCount, grid.count)).map { grid[$0] }
      let first = start / Self.batchCount % 2 * Self.batchCount
      let chunks = zip(runs, batches[first...]).map { run, buffer in
        tensor.fill(run.elements, buffer.elements(run.elements.count))
        return (buffer: buffer, count: run.elements.count)
      }
      wait()
      if grid.count == 1 {
        Self.add(chunks, to: digest)
      } else {
        adding = BackgroundWork { Self.add(chunks, to: digest) }
      }
      for (run, chunk) in zip(runs, chunks) {
        record.hashes.append(
          chunkHash(of: UnsafeRawBufferPointer(chunk.buffer.elements(chunk.count))))
        chunk.buffer.seal(elementCount: chunk.count)
        try file.write(chunk.buffer, of: dataset, at: run)
      }
    }
    written.append(record)
  }

  /// The digests over all that was written. Nothing may be written afterwards.
  func finish() -> (parameters: String, optimizer: String) {
    wait()
    return (
      parameters.sum.withLock { $0.finish() }, optimizer.sum.withLock { $0.finish() }
    )
  }

  /// Room for two batches: one is filled while the one before it is still being added. Nobody makes
  /// use of an earlier tensor's any longer.
  private func buffers(for grid: ChunkGrid) -> ArraySlice<ChunkBuffer> {
    let count = min(2 * Self.batchCount, grid.count)
    while buffers.count < count {
      buffers.append(
        ChunkBuffer(
          elementCount: grid.chunkElementCount, elementBytes: ElementKind.float.byteCount))
    }
    let needed = buffers[..<count]
    for buffer in needed { buffer.resize(elementCount: grid.chunkElementCount) }
    return needed
  }

  private func wait() {
    adding?.wait()
    adding = nil
  }

  private static func add(_ chunks: [(buffer: ChunkBuffer, count: Int)], to digest: Digest) {
    digest.sum.withLock { sum in
      for chunk in chunks {
        sum.append(UnsafeRawBufferPointer(chunk.buffer.elements(chunk.count)))
      }
    }
  }
}
