internal import DurableFiles
internal import PairData

/// What cache files have of one shard's embeddings, as its contents are now.
struct FoundEmbeddings {
  /// Nothing for a block that no file has for these contents.
  private(set) var blocks: [EmbeddingBlock?]
  /// The published file that has all of it, stamp included, so that nothing is to be written.
  private(set) var wholePath: String?
  /// Blocks at the start of each unfinished file that can stay where they are.
  private(set) var goodStarts: [String: Int] = [:]
  /// Why something of a file cannot be used.
  private(set) var problems: [String] = []

  /// Looks into the files that a shard's embeddings may be in, until one has all of it.
  ///
  /// Where the shard's stamp is another one than a file's, its contents are read and compared, a
  /// block at a time. So that is left for last: a copy's old file may be where nobody can renew it.
  init(
    _ folder: CacheFolder, key: EmbeddingKey, width: Int, rows: inout some ShardRows
  ) async throws(PairDataError) {
    let count = rows.count
    blocks = Array(repeating: nil, count: EmbeddingBlock.blockCount(of: count))
    var digests: [UInt8]?
    let first = folder.pathsThatSeemWhole(
      EmbeddingFileHeader(key: key, rowCount: count, width: width, stamp: rows.stamp))
    for path in first + folder.paths.filter({ !first.contains($0) }) {
      for candidate in [path, PartialFile.partialPath(of: path)] {
        let isPublished = candidate == path
        guard FileContents.exists(candidate) else { continue }
        let file: EmbeddingFile
        do throws(FileError) {
          file = try EmbeddingFile(candidate, expecting: key)
        } catch {
          // A process that was stopped early leaves an unfinished file with nothing in it.
          if isPublished { problems.append("\(candidate): \(error.reason)") }
          continue
        }
        guard file.header.width == width else {
          problems.append(
            "\(candidate): its embeddings have \(file.header.width) numbers and not \(width)")
          continue
        }
        // Somebody's interruption is no problem.
        if isPublished, let problem = file.problem { problems.append("\(candidate): \(problem)") }
        let isSame = file.header.stamp == rows.stamp && file.header.rowCount == count
        if !isSame, digests == nil { digests = try await rows.digests() }
        let isTaken = try await take(
          file, comparing: isSame ? nil : digests, isPublished: isPublished, rows: &rows)
        if isPublished, isSame, isTaken, file.problem == nil {
          wholePath = candidate
          return
        }
      }
    }
  }

  /// Rows of the blocks that were found.
  var rowCount: Int { blocks.reduce(0) { $0 + ($1?.count ?? 0) } }

  /// - Parameter digests: of the shard's pictures, where they need not be the file's.
  /// - Returns: whether all blocks are good for these contents.
  private mutating func take(
    _ file: EmbeddingFile, comparing digests: [UInt8]?, isPublished: Bool,
    rows: inout some ShardRows
  ) async throws(PairDataError) -> Bool {
    let count = rows.count
    var (isStart, goodCount, changedCount, readableCount) = (true, 0, 0, 0)
    for number in blocks.indices {
      let block = number < file.blocks.count ? file.blocks[number] : nil
      var fits = block != nil
      let range = EmbeddingBlock.rows(ofBlock: number, of: count)
      if let block, let digests {
        let place = range.lowerBound * ShardPictures.digestBytes
        let end = range.upperBound * ShardPictures.digestBytes
        fits = block.count == range.count && block.digests.elementsEqual(digests[place..<end])
        if !fits { changedCount += 1 }
      }
      if fits, let block {
        let unreadable = zip(range, block.isReadable).filter { !$0.1 }.map(\.0)
        if !(try await rows.areUnreadable(unreadable)) {
          fits = false
          readableCount += 1
        }
      }
      if fits {
        goodCount += 1
        if blocks[number] == nil { blocks[number] = block }
      } else {
        isStart = false
      }
      if isStart, !isPublished { goodStarts[file.path] = number + 1 }
    }
    if readableCount > 0, isPublished {
      problems.append(
        "\(file.path): pictures of \(readableCount) of \(blocks.count) blocks could not be read "
          + "when it was written and can be now")
    }
    if digests != nil, isPublished { noteChange(of: file, changedCount, count: count) }
    return goodCount == blocks.count
  }

  /// - Parameter changedCount: blocks of other contents.
  private mutating func noteChange(of file: EmbeddingFile, _ changedCount: Int, count: Int) {
    let old = file.header.rowCount
    let size = old == count ? "" : " and has \(count) rows, not \(old)"
    let rest =
      changedCount == 0
      ? "; its contents are the same"
      : "; those of \(changedCount) of \(blocks.count) blocks are others"
    problems.append("\(file.path): the shard was written since\(size)\(rest)")
  }
}
