internal import DurableFiles

/// Writes one shard's cache file block by block, after the good ones that an earlier process left.
///
/// A disk that is full or failing ends the keeping and not the work: what is wrong is told once.
final class EmbeddingFileWriter {
  let path: String
  private let header: EmbeddingFileHeader
  private let lock: FileLock
  private let file: PartialFile
  /// Blocks that are in the file already.
  private var writtenCount = 0
  /// Why the file cannot be written.
  private(set) var problem: FileError?

  init(_ path: String, header: EmbeddingFileHeader, lock: FileLock) throws(FileError) {
    self.path = path
    self.header = header
    self.lock = lock
    file = try PartialFile(path)
  }

  var byteCount: Int { header.end }

  /// Leaves what is good at the file's start and drops the rest.
  func begin(after found: FoundEmbeddings) {
    let partial = PartialFile.partialPath(of: path)
    writtenCount = found.goodStarts[partial] ?? 0
    let end =
      writtenCount == 0 ? header.byteCount : header.place(ofBlock: writtenCount - 1).upperBound
    attempt { () throws(FileError) in
      try file.cut(toBytes: end)
      try file.write(header.bytes, at: 0)
    }
  }

  func write(_ block: EmbeddingBlock, number: Int) {
    guard number >= writtenCount else { return }
    attempt { () throws(FileError) in
      try file.write(
        block.bytes(number: number, key: header.key.digest),
        at: header.place(ofBlock: number).lowerBound)
    }
    writtenCount = number + 1
  }

  /// Leaves nothing, where nothing is to be written.
  func discard() {
    attempt { () throws(FileError) in try file.remove() }
  }

  /// Puts the file under its name.
  ///
  /// - Parameter blocks: all of them. Where somebody deleted the folder meanwhile, it is made again
  ///   and the file written anew.
  func publish(_ blocks: [EmbeddingBlock]) {
    attempt { () throws(FileError) in
      if try file.publish() { return }
      try Folder.create(Folder.parent(of: path))
      let whole = try AtomicFile(path)
      try whole.write(header.bytes)
      for (number, block) in blocks.enumerated() {
        try whole.write(block.bytes(number: number, key: header.key.digest))
      }
      try whole.publish()
    }
  }

  private func attempt(_ body: () throws(FileError) -> Void) {
    guard problem == nil else { return }
    do throws(FileError) {
      try body()
    } catch {
      problem = error
    }
  }
}
