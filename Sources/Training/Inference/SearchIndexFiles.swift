/// What a search index is made of: a folder that stands alone but for the shards with its pictures.
enum SearchIndexFiles {
  /// One JSON object: format, counts, the checkpoint's digest. Written last.
  static let description = "index.json"
  /// A line of JSON for each document: key, shard, text.
  static let documents = "documents.jsonl"
  /// [documents, width], unit rows.
  static let images = "image_embeddings.npy"
  /// [documents, width], unit rows: of several captions the direction of their mean.
  static let texts = "text_embeddings.npy"
  /// The checkpoint that made the vectors and makes those of queries.
  static let checkpoint = "checkpoint.h5"

  static let format = "duiqi-index"
  static let formatVersion = 1
}
