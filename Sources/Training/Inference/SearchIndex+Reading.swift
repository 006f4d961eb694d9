internal import DurableFiles
internal import StrictJSON

extension SearchIndex {
  /// What `index.json` says, of a format that is read here.
  static func description(_ path: String) throws(ModelError) -> JSONValue {
    let bytes = try CheckpointModel.reporting { () throws(FileError) in
      try FileContents.read(path, limit: 1 << 20)
    }
    let facts: JSONValue
    do throws(JSONFault) {
      facts = try JSONParser.parse(bytes)
    } catch {
      throw .damagedIndex(path: path, problem: "\(error)")
    }
    guard facts["format"]?.string == SearchIndexFiles.format,
      let version = facts["format_version"]?.integer
    else { throw .damagedIndex(path: path, problem: "it describes no index of ours") }
    guard version == SearchIndexFiles.formatVersion else {
      throw .damagedIndex(
        path: path,
        problem: "its format is \(version), this version reads \(SearchIndexFiles.formatVersion)")
    }
    return facts
  }

  /// Compares a file with the digest that the description has of it.
  static func requireDigest(
    of name: String, in folder: String, _ facts: JSONValue
  ) throws(ModelError) {
    let found = try CheckpointModel.reporting { () throws(FileError) in
      try SHA256.hexadecimalDigest(ofFile: "\(folder)/\(name)")
    }
    guard facts["sha256"]?[name]?.string == found else {
      throw .damagedIndex(
        path: "\(folder)/\(name)",
        problem: "its SHA-256 is not the one in \(SearchIndexFiles.description)")
    }
  }

  /// A document for each line.
  static func documents(_ path: String) throws(ModelError) -> [Document] {
    let lines = try TextLines(path)
    var documents: [Document] = []
    while true {
      let next = try lines.next(1_024)
      if next.isEmpty { return documents }
      for line in next {
        guard let value = try? JSONParser.parse(Array(line.utf8)),
          let key = value["key"]?.string, let shard = value["shard"]?.string,
          let text = value["text"]?.string
        else {
          throw .unreadableLine(
            path: path, line: documents.count + 1, problem: "it is no document of an index")
        }
        documents.append(Document(key: key, shard: shard, text: text))
      }
    }
  }
}
