/// How a dataset is cut into chunks that are runs of elements in C order.
///
/// That is so where one axis is cut, all axes after it are whole and those before it are cut into
/// single places; ours all are. What lies in a chunk beyond its run is padding.
struct ChunkGrid: Equatable {
  /// Chunks have at most about this many bytes: whole leading rows, so that a reader of rows reads
  /// no more. Larger ones are slower: of 4 MiB, HDF5 1.10.8 writes a third as many a second.
  private static let chunkBytes = 256 << 10

  let extents: [Int]
  /// The extents of one chunk.
  let chunk: [Int]
  private let cutAxis: Int
  /// Elements behind one place of the cut axis.
  private let rowCount: Int

  struct Run: Equatable {
    /// Where the chunk begins on each axis.
    let offsets: [UInt64]
    /// The elements of the dataset that lie in it.
    let elements: Range<Int>
  }

  /// The grid of the datasets that are written here: the leading axes are cut into nearly equal
  /// parts, so that little of the last chunk is padding.
  init(_ extents: [Int], elementBytes: Int) {
    var chunk = extents.map { max(1, $0) }
    var bytes = extents.reduce(elementBytes, *)
    for axis in chunk.indices where bytes > ChunkGrid.chunkBytes {
      let extent = chunk[axis]
      let rowBytes = bytes / extent
      let rowLimit = max(1, ChunkGrid.chunkBytes / rowBytes)
      let partCount = (extent + rowLimit - 1) / rowLimit
      chunk[axis] = (extent + partCount - 1) / partCount
      bytes = chunk[axis] * rowBytes
    }
    guard let grid = ChunkGrid(extents, chunk: chunk) else {
      preconditionFailure("\(extents) in chunks of \(chunk) are no runs.")
    }
    self = grid
  }

  /// The grid of a file; nothing where its chunks are no runs.
  init?(_ extents: [Int], chunk: [Int]) {
    guard extents.count == chunk.count, chunk.allSatisfy({ $0 > 0 }) else { return nil }
    let cut = zip(extents, chunk).map { $0 > $1 }
    let axis = cut.lastIndex(of: true) ?? 0
    guard chunk.indices.dropFirst(axis + 1).allSatisfy({ chunk[$0] == max(1, extents[$0]) }),
      chunk.indices.prefix(axis).allSatisfy({ chunk[$0] == 1 })
    else { return nil }
    self.extents = extents
    self.chunk = chunk
    cutAxis = axis
    rowCount = extents.dropFirst(axis + 1).reduce(1, *)
  }

  /// Elements in a chunk, padding included.
  var chunkElementCount: Int { chunk.reduce(1, *) }

  var elementCount: Int { extents.reduce(1, *) }

  private var partCount: Int {
    extents.isEmpty ? 1 : (extents[cutAxis] + chunk[cutAxis] - 1) / chunk[cutAxis]
  }

  /// How many chunks have elements.
  var count: Int { elementCount == 0 ? 0 : extents.prefix(cutAxis).reduce(partCount, *) }

  /// A chunk by its place in C order.
  subscript(_ index: Int) -> Run {
    let (row, part) = index.quotientAndRemainder(dividingBy: partCount)
    var offsets = [UInt64](repeating: 0, count: extents.count)
    var rest = row
    for axis in (0..<cutAxis).reversed() {
      offsets[axis] = UInt64(rest % extents[axis])
      rest /= extents[axis]
    }
    guard !extents.isEmpty else { return Run(offsets: [], elements: 0..<1) }
    let first = part * chunk[cutAxis]
    let end = min(first + chunk[cutAxis], extents[cutAxis])
    offsets[cutAxis] = UInt64(first)
    let start = row * extents[cutAxis]
    return Run(offsets: offsets, elements: (start + first) * rowCount..<(start + end) * rowCount)
  }
}
