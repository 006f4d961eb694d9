internal import DurableFiles

/// What can be wrong with pair data: files, shards, patterns, selectors, manifests and damage.
///
/// Each description says what was found, what was expected and what to do about it.
public enum PairDataError: Error, Equatable, Sendable {
  /// The operating system refused to open, read or write a file; `reason` is its own message.
  case fileFailure(action: FileAction, path: String, reason: String)
  /// A shard is not a whole, readable tar; `offset` is the byte at which this was noticed.
  case damagedShard(shard: String, member: String?, offset: Int64, fault: TarFault)
  /// A shard is a compressed archive, in which members cannot be reached by their offset.
  case compressedShard(shard: String, format: String)
  /// A shard is whole but holds no pair at all.
  case emptyShard(shard: String)
  /// A shard is not the file that its index was made from.
  case shardChanged(shard: String, expectedBytes: Int64, foundBytes: Int64)
  /// A pair's captions are others than when they were encoded: `encoded` then, `found` or more now.
  case captionsChanged(shard: String, key: String, encoded: Int, found: Int)
  /// A shard pattern cannot be read; `problem` is a clause about it.
  case invalidPattern(pattern: String, problem: String)
  /// A shard pattern stands for more files than anyone means.
  case patternTooLarge(pattern: String, limit: Int)
  /// A shard pattern, or one of the files it names, matches nothing in the folder.
  case noShards(pattern: String, folder: String)
  /// A caption selector is neither `txt`, nor `FIELD`, nor `FIELD:first`.
  case invalidCaptionSelector(String)
  /// More pairs are damaged than the recipe's `damage_limit` allows; `first` names some.
  case tooManyDamagedPairs(damaged: Int, pairs: Int, limit: Double, first: [DamagedPair])
  /// More pairs than the limit allows lack the same caption field, and nothing else is wrong;
  /// `read` pairs were read until then, `found` names fields that the damaged ones have.
  case missingCaptionField(String, damaged: Int, read: Int, pairs: Int, found: [String])
  /// One pass over all pairs does not fill one batch.
  case tooFewPairs(readable: Int, batch: Int)
  /// A member's name or data cannot be put into a tar.
  case unwritableMember(name: String, problem: String)
  /// A line of a `manifest.jsonl` does not say what a manifest says.
  case malformedManifest(path: String, line: Int, problem: String)
  /// A file is not what the manifest beside it says.
  case manifestMismatch(path: String, problem: String)
  /// A picture file that cannot be decoded.
  case unreadablePicture(path: String, ImageError)
  /// A folder without a single picture.
  case noPictures(folder: String)
  /// The work was cancelled by the caller.
  case cancelled
}

extension PairDataError {
  /// What was being done to a file when the operating system refused.
  public enum FileAction: String, Sendable {
    case open, read, write, list

    var expectation: String {
      switch self {
      case .open, .read: "A whole file that may be read"
      case .write: "A folder with room that may be written"
      case .list: "A folder that may be read"
      }
    }
  }
}

extension PairDataError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .damagedShard(let shard, let member, let offset, let fault):
      let place = member.map { "member `\($0)`, " } ?? ""
      return "\(shard): \(place)byte \(offset): \(fault). Expected a whole tar shard. "
        + "Fetch or pack the shard again."
    case .compressedShard(let shard, let format):
      return "\(shard): found a \(format) archive, expected an uncompressed tar, because pairs "
        + "are read by their place in the file. Decompress it first."
    case .emptyShard(let shard):
      return "\(shard): found no pair, expected members such as `0001.jpg` and `0001.txt`. "
        + "Check that this is a pair shard."
    case .shardChanged(let shard, let expected, let found):
      return "\(shard): found \(found) bytes, expected the \(expected) bytes that were indexed. "
        + "Do not change shards while they are read; start again."
    case .captionsChanged(let shard, let key, let encoded, let found):
      return "\(shard): pair `\(key)`: found a caption \(found), expected \(encoded) in all, as "
        + "many as were encoded. Do not change shards while they are read; start again."
    case .tooManyDamagedPairs(let damaged, let pairs, let limit, let first):
      return Self.describeDamage(damaged, of: pairs, limit: limit, first: first)
    case .missingCaptionField(let name, let damaged, let read, let pairs, let found):
      return Self.share(damaged, of: read, of: pairs)
        + " caption field `\(name)`, and nothing else is wrong with them; fields found: "
        + "\(DamagedPair.Reason.list(found)). Expected captions under that name. Set "
        + "`data.captions` in a recipe, `--captions` of a command, to a field that is there."
    case .tooFewPairs(let readable, let batch):
      return "found \(Self.count(readable, "readable")) in an epoch, expected at least one batch "
        + "of \(batch). Use a smaller batch or more shards."
    case .cancelled:
      return "found a cancelled load, expected it to finish. Ask for the batch again."
    case .fileFailure, .invalidPattern, .patternTooLarge, .noShards, .invalidCaptionSelector,
      .unwritableMember, .malformedManifest, .manifestMismatch, .unreadablePicture, .noPictures:
      return inputDescription
    }
  }

  /// The messages about what a user wrote or named.
  private var inputDescription: String {
    switch self {
    case .fileFailure(let action, let path, let reason):
      return "\(path): cannot \(action.rawValue): \(reason). \(action.expectation) was expected. "
        + "Check the path and its permissions."
    case .invalidPattern(let pattern, let problem):
      return "shard pattern `\(pattern)`: \(problem). Expected a path with ranges like "
        + "`{0000..0031}`, lists like `{a,b}`, `*` or `?`. Correct the pattern."
    case .patternTooLarge(let pattern, let limit):
      return "shard pattern `\(pattern)` stands for more than \(limit) files, expected fewer. "
        + "Check the ends of its ranges."
    case .noShards(let pattern, let folder):
      let isAbsolute = pattern.hasPrefix("/")
      let name = isAbsolute ? Folder.lastName(of: pattern) : pattern
      let place = isAbsolute ? Folder.parent(of: pattern) : folder.isEmpty ? "." : folder
      return "shard pattern `\(name)` matches no file in `\(place)`, "
        + "expected at least one shard for each name. Check the pattern and the folder."
    case .invalidCaptionSelector(let text):
      return "caption selector `\(text)` is not known, expected `txt`, a JSON field's name, or "
        + "`FIELD:first`. Correct it."
    case .unwritableMember(let name, let problem):
      return "tar member `\(name)`: \(problem). Expected a relative name and its data. "
        + "Rename or split it."
    case .malformedManifest(let path, let line, let problem):
      return "\(path):\(line): \(problem). Expected an object with file, pairs, bytes and sha256. "
        + "Pack the shards again or remove the manifest."
    case .manifestMismatch(let path, let problem):
      return "\(path): \(problem). Expected what the manifest beside it says. "
        + "Fetch or pack the shard again."
    case .unreadablePicture(let path, let error):
      return "\(path): \(error)"
    case .noPictures(let folder):
      return "\(folder): found no picture, expected files ending in "
        + "\(PictureFiles.endings.map { ".\($0)" }.joined(separator: ", ")). "
        + "Check the path; folders below it are not searched."
    default:
      return ""
    }
  }

  private static func describeDamage(
    _ damaged: Int, of pairs: Int, limit: Double, first: [DamagedPair]
  ) -> String {
    let names = first.map { "\n  \($0)" }.joined()
    return "found \(count(damaged, "damaged")) among \(pairs), expected at most a share of "
      + "\(limit). Repair the shards or raise `damage_limit`. The first ones:\(names)"
  }

  /// Who lacks something, as far as is known: `none of the 64 pairs read so far, of 271, has a`.
  private static func share(_ lacking: Int, of read: Int, of all: Int) -> String {
    if lacking == all { return "no pair has a" }
    let some = "\(lacking) of "
    let have = lacking == 1 ? "has no" : "have no"
    if read == all { return some + "\(all) pairs \(have)" }
    if read == 1 { return "the one pair read so far, of \(all), has no" }
    let part = "\(read) pairs read so far, of \(all),"
    return lacking == read ? "none of the \(part) has a" : some + "the \(part) \(have)"
  }

  private static func count(_ number: Int, _ state: String) -> String {
    "\(number) \(state) \(number == 1 ? "pair" : "pairs")"
  }
}
