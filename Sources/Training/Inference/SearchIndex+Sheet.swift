internal import DurableFiles
internal import PairData

extension SearchIndex {
  /// Draws answers as one PNG: a row for each query, the best answer first.
  public func drawSheet(_ answers: [SearchAnswers], to path: String) throws(ModelError) {
    var shards: [String: PairShard] = [:]
    var rows: [[ContactSheet.Tile]] = []
    for answer in answers {
      var row: [ContactSheet.Tile] = []
      for result in answer.results {
        if shards[result.shard] == nil { shards[result.shard] = try Self.open(result.shard) }
        guard let shard = shards[result.shard] else { continue }
        row.append(.init(image: try picture(result, in: shard)))
      }
      rows.append(row)
    }
    let bytes: [UInt8]
    do throws(ImageError) {
      bytes = try PNGWriter.encode(ContactSheet(rows: rows).draw())
    } catch {
      throw .data(.unreadablePicture(path: path, error))
    }
    try CheckpointModel.reporting { () throws(FileError) in
      try AtomicFile.write(bytes, to: path)
    }
  }

  private static func open(_ path: String) throws(ModelError) -> PairShard {
    do throws(PairDataError) {
      return try PairShard(path: path)
    } catch {
      throw .data(error)
    }
  }

  private func picture(
    _ result: SearchAnswers.Result, in shard: PairShard
  ) throws(ModelError) -> DecodedImage {
    guard let index = shard.index(ofKey: result.key) else {
      throw .damagedIndex(
        path: shard.path, problem: "the pair `\(result.key)` of the index is no longer in it")
    }
    let decoder = model.loaded.description.preparation().decoder
    let outcome: Result<DecodedImage, DamagedPair.Reason>
    do throws(PairDataError) {
      outcome = try shard.picture(at: index, decoder: decoder)
    } catch {
      throw .data(error)
    }
    switch outcome {
    case .success(let picture): return picture
    case .failure(let reason):
      throw .damagedIndex(path: shard.path, problem: "pair `\(result.key)`: \(reason)")
    }
  }
}
