internal import Checkpoints
internal import DurableFiles
internal import Models
internal import ONNXExport
internal import PairData

/// Whether a file is whole: what a reader would find, found before anyone relies on it.
public struct FileVerification: Sendable {
  public let path: String
  /// `checkpoint`, `shard`, `onnx`, `manifest`, `index` or `cache`; nothing for anything else.
  public let kind: String?
  /// Whether it is whole as far as it goes, left by a process that was stopped.
  public let isUnfinished: Bool
  /// What is wrong, each in words that name the file and the place; nothing for a whole file.
  public let findings: [String]
  /// What is no damage and yet seldom meant.
  public let notes: [String]

  public init(_ path: String) async {
    self.path = path
    let kind: FileKind
    do throws(FileError) {
      kind = try FileKind(path)
    } catch {
      self.kind = nil
      isUnfinished = false
      findings = [error.description]
      notes = []
      return
    }
    self.kind = kind.rawValue
    (findings, notes) =
      switch kind {
      case .checkpoint: (Self.checkpointFindings(path), [])
      case .shard: await Self.shardState(path)
      case .onnx: (Self.onnxFindings(path), [])
      case .manifest: (Self.manifestFindings(path), [])
      case .index: (Self.indexFindings(path), [])
      case .cache: (Self.cacheFindings(path), [])
      }
    isUnfinished =
      kind == .cache && !findings.isEmpty && (try? EmbeddingFile(path))?.isUnfinished == true
  }

  public var json: JSONText {
    .object([
      ("file", .text(path)), ("kind", kind.map { .text($0) } ?? .null),
      ("whole", .boolean(findings.isEmpty)), ("findings", .array(findings.map { .text($0) })),
      ("notes", .array(notes.map { .text($0) })),
    ])
  }

  private static func checkpointFindings(_ path: String) -> [String] {
    do throws(ModelError) {
      // All digests, by the other process; then whether the parts belong together.
      let reader = try UserCheckpoint.open(path)
      let description = try ModelDescription(reader)
      _ = try LoadedModel.tokenizer(
        reader.document.vocabulary, path: path,
        expected: description.configuration.text.vocabularyCount)
      if reader.document.run != nil { _ = try RunState(reader.document, file: path) }
      return []
    } catch {
      return [error.description]
    }
  }

  private static func shardState(_ path: String) async -> (findings: [String], notes: [String]) {
    let check = await ShardCheck(path, taskCount: EnvironmentRecord.usableCoreCount())
    return (check.findings, check.ignored.count > 0 ? ["\(path): \(check.ignored)"] : [])
  }

  private static func onnxFindings(_ path: String) -> [String] {
    do throws(ONNXError) {
      return try ONNXFile(path).findings()
    } catch {
      return [error.description]
    }
  }

  private static func manifestFindings(_ path: String) -> [String] {
    do throws(PairDataError) {
      return try ShardManifest(path: path).verify(folder: Folder.parent(of: path))
        .map(\.description)
    } catch {
      return [error.description]
    }
  }

  private static func cacheFindings(_ path: String) -> [String] {
    do throws(FileError) {
      guard let problem = try EmbeddingFile(path).problem else { return [] }
      return [
        "\(path): \(problem). A whole cache file was expected. Whatever uses it makes again what "
          + "it lacks, as `duiqi cache` does."
      ]
    } catch {
      return [error.description]
    }
  }

  private static func indexFindings(_ path: String) -> [String] {
    do throws(ModelError) {
      _ = try SearchIndex(SearchIndexFiles.folder(of: path))
      return []
    } catch {
      return [error.description]
    }
  }
}
