internal import DurableFiles

/// A cache file as it lies on disk, whole or not: its header and the blocks that are good.
struct EmbeddingFile {
  let path: String
  let header: EmbeddingFileHeader
  /// Nothing for a block that is damaged or missing.
  let blocks: [EmbeddingBlock?]
  /// Blocks that are there and damaged.
  let damagedBlocks: [Int]
  /// Bytes that the header asks for and the file lacks; negative where it has more.
  let missingBytes: Int

  /// Reads a file and compares all checksums.
  ///
  /// - Parameter key: what the file has to be for; anything, where none is given.
  /// - Throws: `FileError` where not even the header can be used.
  init(_ path: String, expecting key: EmbeddingKey? = nil) throws(FileError) {
    self.path = path
    let file = try OpenFile(path)
    let header = try EmbeddingFileHeader(file)
    if let key, header.key != key {
      throw FileError(
        .read, path: path, code: 0,
        problem: "its embeddings are of another tower, precision or preprocessing than its name "
          + "says")
    }
    var (blocks, damaged) = ([EmbeddingBlock?](), [Int]())
    // However many the header says there are, the file's end ends it.
    for number in 0..<header.blockCount {
      let place = header.place(ofBlock: number)
      guard place.upperBound <= file.byteCount else { break }
      let rows = EmbeddingBlock.rows(ofBlock: number, of: header.rowCount).count
      let block = EmbeddingBlock(
        try file.read(place), rows: rows, width: header.width, number: number,
        key: header.key.digest)
      if block == nil { damaged.append(number) }
      blocks.append(block)
    }
    self.header = header
    self.blocks = blocks
    damagedBlocks = damaged
    missingBytes = header.end - file.byteCount
  }

  /// Rows of blocks that are good.
  var rowCount: Int { blocks.reduce(0) { $0 + ($1?.count ?? 0) } }

  /// Whether it is one that a stopped process left, good as far as it goes.
  var isUnfinished: Bool {
    path.hasSuffix(PartialFile.suffix) && damagedBlocks.isEmpty && missingBytes > 0
  }

  /// What keeps the file from being whole; nothing where it is.
  var problem: String? {
    if let first = damagedBlocks.first {
      return "\(damagedBlocks.count) of \(header.blockCount) blocks are damaged, the first is "
        + "block \(first)"
    }
    if isUnfinished { return "it is unfinished: \(missingBytes) bytes are missing at its end" }
    if missingBytes > 0 { return "it is truncated: \(missingBytes) bytes are missing" }
    if missingBytes < 0 { return "it has \(-missingBytes) bytes too many" }
    return nil
  }
}
