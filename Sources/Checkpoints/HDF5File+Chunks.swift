internal import CHDF5
internal import Glibc

/// Elements of datasets, chunk by chunk.
///
/// The library has the chunks ready for the disk, checksum and all, and they are read as they lie
/// there; so it copies nothing, and whoever computes with the elements does so outside its lock.
extension HDF5File {
  /// Stores a chunk that is sealed.
  func write(
    _ chunk: ChunkBuffer, of dataset: NewDataset, at run: ChunkGrid.Run
  ) throws(HDF5Failure) {
    try HDF5.locked { () throws(HDF5Failure) in
      try HDF5.check(
        dq_h5_write_chunk(
          dataset.id, run.offsets, chunk.stored.count, chunk.stored.baseAddress),
        "H5Dwrite_chunk")
    }
  }

  /// Stores all elements of a new dataset of bytes.
  func write(_ bytes: [UInt8], to dataset: NewDataset) throws(HDF5Failure) {
    let grid = dataset.grid
    let chunk = ChunkBuffer(elementCount: grid.chunkElementCount, elementBytes: 1)
    for index in 0..<grid.count {
      let run = grid[index]
      let elements = chunk.elements(run.elements.count)
      bytes[run.elements].withUnsafeBytes { elements.copyMemory(from: $0) }
      chunk.seal(elementCount: run.elements.count)
      try write(chunk, of: dataset, at: run)
    }
  }

  /// Gives all elements of an open dataset in order, a run at a time, checksums compared.
  ///
  /// Not inside `HDF5.locked`: the lock is taken to look up each chunk.
  func readRuns(
    of dataset: OpenDataset, _ kind: ElementKind, _ path: String, in file: String,
    _ body: (Range<Int>, UnsafeRawBufferPointer) -> Void
  ) throws(CheckpointError) {
    guard let grid = dataset.grid else {
      try readWhole(dataset, kind, path, in: file, body)
      return
    }
    // Padding of a cut axis can make a chunk a little larger than the dataset.
    let buffer = ChunkBuffer(elementCount: grid.chunkElementCount, elementBytes: kind.byteCount)
    for index in 0..<grid.count {
      let run = grid[index]
      guard read(dataset, grid, run, into: buffer.stored) else {
        throw Self.wrongChecksum(path, in: file)
      }
      body(run.elements, UnsafeRawBufferPointer(buffer.elements(run.elements.count)))
    }
  }

  /// Fills memory of just the size of an open dataset, and gives each run once it is there.
  ///
  /// Not inside `HDF5.locked`: the lock is taken to look up each chunk.
  func read(
    _ dataset: OpenDataset, _ kind: ElementKind, _ path: String, in file: String,
    into target: UnsafeMutableRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void
  ) throws(CheckpointError) {
    guard let grid = dataset.grid else {
      try readWhole(dataset, kind, path, in: file) { _, bytes in
        target.copyMemory(from: bytes)
        body(UnsafeRawBufferPointer(target))
      }
      return
    }
    let storedBytes = grid.chunkElementCount * kind.byteCount + ChunkBuffer.checksumBytes
    lazy var buffer = ChunkBuffer(
      elementCount: grid.chunkElementCount, elementBytes: kind.byteCount)
    for index in 0..<grid.count {
      let run = grid[index]
      let start = run.elements.lowerBound * kind.byteCount
      let end = run.elements.upperBound * kind.byteCount
      let elements = UnsafeMutableRawBufferPointer(rebasing: target[start..<end])
      // Padding and checksum may lie where the next run will, but not beyond the target.
      let isLast = start + storedBytes > target.count
      let stored =
        isLast
        ? buffer.stored
        : UnsafeMutableRawBufferPointer(rebasing: target[start..<start + storedBytes])
      guard read(dataset, grid, run, into: stored) else {
        throw Self.wrongChecksum(path, in: file)
      }
      if isLast {
        elements.copyMemory(from: UnsafeRawBufferPointer(buffer.elements(run.elements.count)))
      }
      body(UnsafeRawBufferPointer(elements))
    }
  }

  /// Up to so many chunks are looked up one by one, which takes time that grows with their square.
  private static let lookupLimit = 1_024

  /// The library says where a chunk lies, and the system gives it: other threads have the library
  /// while this one waits for the disk or for memory.
  ///
  /// - Returns: whether the chunk is there, and its checksum right.
  private func read(
    _ dataset: OpenDataset, _ grid: ChunkGrid, _ run: ChunkGrid.Run,
    into stored: UnsafeMutableRawBufferPointer
  ) -> Bool {
    let isThere: Bool
    if descriptor >= 0, grid.count <= Self.lookupLimit {
      let offset = HDF5.locked { dq_h5_chunk_offset(dataset.id, run.offsets, stored.count) }
      isThere = offset >= 0 && fill(stored, from: offset)
    } else {
      isThere = HDF5.locked {
        dq_h5_read_chunk(dataset.id, run.offsets, stored.count, stored.baseAddress) >= 0
      }
    }
    return isThere && ChunkBuffer.isWhole(UnsafeRawBufferPointer(stored))
  }

  /// - Returns: whether the file has so many bytes there.
  private func fill(_ target: UnsafeMutableRawBufferPointer, from offset: Int64) -> Bool {
    var done = 0
    while done < target.count {
      let count = pread(
        descriptor, target.baseAddress.map { $0 + done }, target.count - done,
        Int(offset) + done)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      done += count
    }
    return true
  }

  /// Reads a dataset whose chunks are of another kind by the library's own filter.
  private func readWhole(
    _ dataset: OpenDataset, _ kind: ElementKind, _ path: String, in file: String,
    _ body: (Range<Int>, UnsafeRawBufferPointer) -> Void
  ) throws(CheckpointError) {
    let count = dataset.sizes.reduce(1, *)
    guard count > 0 else { return }
    let values = UnsafeMutableRawBufferPointer.allocate(
      byteCount: count * kind.byteCount, alignment: 64)
    defer { values.deallocate() }
    let status = HDF5.locked {
      H5Dread(dataset.id, kind.nativeType, 0, 0, 0, values.baseAddress)
    }
    guard status >= 0 else { throw Self.wrongChecksum(path, in: file) }
    body(0..<count, UnsafeRawBufferPointer(values))
  }

  private static func wrongChecksum(_ path: String, in file: String) -> CheckpointError {
    .damaged(path: file, member: path, problem: "its checksum is wrong or it is cut short")
  }
}
