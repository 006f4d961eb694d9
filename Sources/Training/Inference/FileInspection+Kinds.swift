internal import Checkpoints
internal import DurableFiles
internal import Models
internal import ONNXExport
internal import PairData
internal import StrictJSON

extension FileInspection {
  static func checkpoint(_ path: String) throws(ModelError) -> FileInspection {
    let reader = try UserCheckpoint.open(path)
    let description = try ModelDescription(reader)
    let document = reader.document
    var rows: [[JSONText]] = []
    var count = 0
    do throws(CheckpointError) {
      for tensor in reader.paths(in: .parameters) {
        let sizes = try reader.sizes(of: tensor, in: .parameters)
        let elements = sizes.reduce(1, *)
        count += elements
        rows.append([
          .text(tensor), .array(sizes.map { .integer($0) }), .integer(elements),
          .boolean(reader.paths(in: .firstMoments).contains(tensor)),
        ])
      }
    } catch {
      throw .checkpoint(error)
    }
    let run = document.run.map { JSONText.object($0.map(Self.runFact)) }
    return FileInspection(
      path,
      facts: [
        ("file", .text(path)), ("kind", .text(FileKind.checkpoint.rawValue)),
        ("family", .text(document.family)), ("parameter_count", .integer(count)),
        ("averaged", .boolean(!reader.paths(in: .weights).isEmpty)),
        ("vocabulary_size", .integer(description.configuration.text.vocabularyCount)),
        ("configuration", JSONText(parsing: document.configuration)),
        ("preprocessing", JSONText(parsing: document.preprocessing)),
        ("sha256", .text(reader.sha256)), ("tool_version", .text(document.toolVersion)),
        ("run", run ?? .null),
      ],
      parts: .init(
        name: "parameters", columns: ["path", "shape", "count", "has_moments"], rows: rows),
      texts: [("recipe", document.recipe)])
  }

  /// A yes or no of a run's state is a number in the file.
  private static func runFact(_ fact: (name: String, value: RunValue)) -> (String, JSONText) {
    if fact.name.hasPrefix("is_"), case .integer(let number) = fact.value {
      return (fact.name, .boolean(number != 0))
    }
    return (fact.name, JSONText(fact.value))
  }

  static func shard(_ path: String) throws(ModelError) -> FileInspection {
    do throws(PairDataError) {
      let shard = try PairShard(path: path, storage: .memoryOnly)
      let size = { (extent: PairMembers.Extent?) in
        extent.map { JSONText.integer(Int($0.size)) } ?? .null
      }
      let rows = (0..<shard.count).map { index in
        let members = shard.members(at: index)
        return [
          JSONText.text(shard.key(at: index)), size(members.image), size(members.text),
          size(members.json),
        ]
      }
      return FileInspection(
        path,
        facts: [
          ("file", .text(path)), ("kind", .text(FileKind.shard.rawValue)),
          ("bytes", .integer(Int(shard.bytes))), ("pair_count", .integer(shard.count)),
          (
            "members_passed_over",
            .object([
              ("count", .integer(shard.ignored.count)), ("first", .text(shard.ignored.first)),
            ])
          ),
        ],
        parts: .init(
          name: "pairs", columns: ["key", "image_bytes", "text_bytes", "json_bytes"], rows: rows))
    } catch {
      throw .data(error)
    }
  }

  static func onnx(_ path: String) throws(ModelError) -> FileInspection {
    do throws(ONNXError) {
      let file = try ONNXFile(path)
      return FileInspection(
        path,
        facts: [
          ("file", .text(path)), ("kind", .text(FileKind.onnx.rawValue)),
          ("graph", .text(file.name)), ("producer", .text(file.producer)),
          ("ir_version", .integer(file.formatVersion)), ("opset", .integer(file.operatorSet)),
          ("node_count", .integer(file.nodeCount)),
          ("value_count", .integer(file.tensors.reduce(0) { $0 + $1.elementCount })),
          ("inputs", .object(file.inputs.map { ($0.name, .text($0.type)) })),
          ("outputs", .object(file.outputs.map { ($0.name, .text($0.type)) })),
          ("metadata", .object(file.metadata.map { ($0.key, .text($0.value)) })),
        ],
        parts: .init(
          name: "tensors", columns: ["name", "shape", "count"],
          rows: file.tensors.map { tensor in
            [
              .text(tensor.name), .array(tensor.sizes.map { .integer($0) }),
              .integer(tensor.elementCount),
            ]
          }))
    } catch {
      throw .onnx(error)
    }
  }

  static func manifest(_ path: String) throws(ModelError) -> FileInspection {
    do throws(PairDataError) {
      let entries = try ShardManifest(path: path).entries
      return FileInspection(
        path,
        facts: [
          ("file", .text(path)), ("kind", .text(FileKind.manifest.rawValue)),
          ("pair_count", .integer(entries.reduce(0) { $0 + $1.pairs })),
        ],
        parts: .init(
          name: "shards", columns: ["file", "pairs", "bytes", "sha256"],
          rows: entries.map {
            [.text($0.file), .integer($0.pairs), .integer(Int($0.bytes)), .text($0.sha256)]
          }))
    } catch {
      throw .data(error)
    }
  }

  static func index(_ path: String) throws(ModelError) -> FileInspection {
    let folder = SearchIndexFiles.folder(of: path)
    let facts = try SearchIndex.description("\(folder)/\(SearchIndexFiles.description)")
    let documents = try SearchIndex.documents("\(folder)/\(SearchIndexFiles.documents)")
    let told = ["width", "captions", "checkpoint_sha256", "tool_version"].map { name in
      (name, facts[name].map { JSONText($0) } ?? .null)
    }
    return FileInspection(
      path,
      facts: [
        ("file", .text(path)), ("kind", .text(FileKind.index.rawValue)),
        ("document_count", .integer(documents.count)),
      ] + told,
      parts: .init(
        name: "documents", columns: ["key", "shard", "text"],
        rows: documents.map { [.text($0.key), .text($0.shard), .text($0.text)] }))
  }
}

extension FileInspection {
  static func cache(_ path: String) throws(ModelError) -> FileInspection {
    let file: EmbeddingFile
    do throws(FileError) {
      file = try EmbeddingFile(path)
    } catch {
      throw .file(error)
    }
    let header = file.header
    var rows: [[JSONText]] = []
    for (number, block) in file.blocks.enumerated() {
      guard let block else { continue }
      for (row, isReadable) in block.isReadable.enumerated() {
        let digest = block.digests[row * 32..<(row + 1) * 32]
        rows.append([
          .integer(number * EmbeddingBlock.rowLimit + row), .integer(number),
          .boolean(isReadable), .text(SHA256.hexadecimal(Array(digest))),
        ])
      }
    }
    return FileInspection(
      path,
      facts: [
        ("file", .text(path)), ("kind", .text(FileKind.cache.rawValue)),
        ("row_count", .integer(header.rowCount)), ("width", .integer(header.width)),
        ("block_count", .integer(header.blockCount)),
        ("good_block_count", .integer(file.blocks.count { $0 != nil })),
        ("key_sha256", .text(SHA256.hexadecimal(header.key.digest))),
        ("key", JSONText(parsing: header.key.text)),
        ("problem", file.problem.map { .text($0) } ?? .null),
      ],
      parts: .init(
        name: "rows", columns: ["row", "block", "readable", "content_sha256"], rows: rows))
  }
}

extension ONNXValue {
  /// Like `float32 [batch, 3, 64, 64]`.
  fileprivate var type: String {
    let sizes = dimensions.map { dimension in
      switch dimension {
      case .fixed(let size): "\(size)"
      case .named(let name): name
      }
    }
    return "\(elementType) [\(sizes.joined(separator: ", "))]"
  }
}

extension JSONText {
  fileprivate init(_ value: RunValue) {
    switch value {
    case .integer(let number): self = .integer(Int(number))
    case .real(let number): self = .number(number)
    case .text(let text): self = .text(text)
    }
  }

  /// A JSON text of a checkpoint, or that text itself where it is none.
  fileprivate init(parsing text: String) {
    do throws(JSONFault) {
      self.init(try JSONParser.parse(Array(text.utf8)))
    } catch {
      self = .text(text)
    }
  }

  fileprivate init(_ value: JSONValue) {
    switch value {
    case .null: self = .null
    case .boolean(let isTrue): self = .boolean(isTrue)
    case .number(let digits):
      self = Int(digits).map { .integer($0) } ?? .number(Double(digits) ?? .nan)
    case .text(let text): self = .text(text)
    case .array(let values): self = .array(values.map { JSONText($0) })
    case .object(let members): self = .object(members.map { ($0.name, JSONText($0.value)) })
    }
  }
}
