internal import DurableFiles

/// What a search index is made of: a folder that stands alone but for the shards with its pictures.
enum SearchIndexFiles {
  /// One JSON object: format, counts, the digests of the other files. Written last.
  static let description = "index.json"
  /// A line of JSON for each document: key, shard, text.
  static let documents = "documents.jsonl"
  /// [documents, width], unit rows.
  static let images = "document_pictures.npy"
  /// [documents, width], unit rows: of several captions the direction of their mean.
  static let texts = "document_texts.npy"
  /// The checkpoint that made the vectors and makes those of queries.
  static let checkpoint = "checkpoint.h5"

  /// The files whose SHA-256 the description has, by name.
  static let digested = [documents, images, texts, checkpoint]

  /// The folder of an index that is named by itself or by its description.
  static func folder(of path: String) -> String {
    Folder.lastName(of: path) == description ? Folder.parent(of: path) : path
  }

  static let format = "duiqi-index"
  static let formatVersion = 2
}
