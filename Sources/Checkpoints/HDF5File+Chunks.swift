internal import CHDF5

/// Elements of datasets, chunk by chunk.
///
/// The library has the chunks ready for the disk, checksum and all, and gives them back as they lie
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
  /// Not inside `HDF5.locked`: the lock is taken for each chunk.
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
      guard Self.read(dataset, run, into: buffer.stored) else {
        throw Self.wrongChecksum(path, in: file)
      }
      body(run.elements, UnsafeRawBufferPointer(buffer.elements(run.elements.count)))
    }
  }

  /// Fills memory of just the size of an open dataset, and gives each run once it is there.
  ///
  /// Not inside `HDF5.locked`: the lock is taken for each chunk.
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
      guard Self.read(dataset, run, into: stored) else {
        throw Self.wrongChecksum(path, in: file)
      }
      if isLast {
        elements.copyMemory(from: UnsafeRawBufferPointer(buffer.elements(run.elements.count)))
      }
      body(UnsafeRawBufferPointer(elements))
    }
  }

  /// - Returns: whether the chunk is there, and its checksum right.
  private static func read(
    _ dataset: OpenDataset, _ run: ChunkGrid.Run, into stored: UnsafeMutableRawBufferPointer
  ) -> Bool {
    let status = HDF5.locked {
      dq_h5_read_chunk(dataset.id, run.offsets, stored.count, stored.baseAddress)
    }
    return status >= 0 && ChunkBuffer.isWhole(UnsafeRawBufferPointer(stored))
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
