internal import DurableFiles

/// What is in a checkpoint, shard, cache or ONNX model: a table for people, JSON for scripts.
public struct FileInspection: Sendable {
  /// What was looked into: the file that was named, or the one that a run's folder stands for.
  public let path: String
  /// Names and values of the whole file, in order.
  let facts: [(name: String, value: JSONText)]
  /// A table of its parts.
  let parts: Parts
  /// Longer texts, shown at the end.
  let texts: [(name: String, text: String)]

  struct Parts: Sendable {
    /// As the member of the JSON object is called.
    let name: String
    let columns: [String]
    /// A value for each column.
    let rows: [[JSONText]]
  }

  public init(_ path: String) throws(ModelError) {
    let path = UserCheckpoint.chosen(inRunFolder: path) ?? path
    let kind: FileKind
    do throws(FileError) {
      kind = try FileKind(path)
    } catch {
      throw .file(error)
    }
    switch kind {
    case .checkpoint: self = try Self.checkpoint(path)
    case .shard: self = try Self.shard(path)
    case .onnx: self = try Self.onnx(path)
    case .manifest: self = try Self.manifest(path)
    case .index: self = try Self.index(path)
    case .cache: self = try Self.cache(path)
    }
  }

  init(
    _ path: String, facts: [(name: String, value: JSONText)], parts: Parts,
    texts: [(name: String, text: String)] = []
  ) {
    self.path = path
    self.facts = facts
    self.parts = parts
    self.texts = texts
  }

  public var json: JSONText {
    let rows = parts.rows.map { row in
      JSONText.object(zip(parts.columns, row).map { ($0, $1) })
    }
    return .object(
      facts.map { ($0.name, $0.value) } + [(parts.name, .array(rows))]
        + texts.map { ($0.name, .text($0.text)) })
  }
}

extension FileInspection: CustomStringConvertible {
  /// Facts, table and texts as lines, without a line end after the last.
  public var description: String {
    let width = facts.map(\.name.count).max() ?? 0
    var lines = facts.flatMap { name, value in
      Self.lines(of: value).enumerated().map { index, line in
        FixedText.left(index == 0 ? name : "", width: width + 2) + line
      }
    }
    let cells = [parts.columns] + parts.rows.map { $0.map(Self.cell) }
    let widths = parts.columns.indices.map { column in
      cells.map { $0[column].count }.max() ?? 0
    }
    lines += ["", "\(parts.name):"]
    lines += cells.map { row in
      // Nothing is filled up behind the last cell.
      zip(row, widths).dropLast().map { FixedText.left("  " + $0, width: $1 + 2) }.joined()
        + "  " + (row.last ?? "")
    }
    for (name, text) in texts where !text.isEmpty {
      lines += ["", "\(name):"]
      lines += text.split(separator: "\n", omittingEmptySubsequences: false).map { "  \($0)" }
      while lines.last == "  " { lines.removeLast() }
    }
    return lines.joined(separator: "\n")
  }

  /// Objects a line for each member, everything else on one.
  private static func lines(of value: JSONText) -> [String] {
    guard case .members(let keys, let values) = value, !keys.isEmpty else { return [cell(value)] }
    return zip(keys, values).map { key, value in
      let text = cell(value)
      return "\(key): \(text.isEmpty ? "none" : text)"
    }
  }

  private static func cell(_ value: JSONText) -> String {
    if case .text(let text) = value { text } else { value.line }
  }
}
