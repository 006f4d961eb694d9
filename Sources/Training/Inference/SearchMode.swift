/// What a query is, and what of a document it is compared with.
public enum SearchMode: String, Sendable, CaseIterable {
  case textToText = "text2text"
  case textToImage = "text2image"
  /// The direction between a document's text and its picture.
  case textToAverage = "text2average"
  case imageToImage = "image2image"
}

/// What is searched for.
public enum SearchQuery: Sendable, Equatable {
  case text(String)
  /// A picture file.
  case image(String)

  /// As it is shown.
  public var label: String {
    switch self {
    case .text(let text): text
    case .image(let path): path
    }
  }
}

/// The documents nearest to a query, best first, ties by key.
public struct SearchAnswers: Sendable {
  public struct Result: Sendable {
    /// From 1.
    public let rank: Int
    public let key: String
    /// The cosine, from -1 to 1.
    public let score: Float
    public let text: String
    /// The path of the shard with the document's picture.
    public let shard: String
  }

  public let mode: SearchMode
  public let query: SearchQuery
  public let results: [Result]

  public var json: JSONText {
    .object([
      ("mode", .text(mode.rawValue)), ("query", .text(query.label)),
      (
        "results",
        .array(
          results.map { result in
            .object([
              ("rank", .integer(result.rank)), ("key", .text(result.key)),
              ("score", .single(result.score)), ("text", .text(result.text)),
              ("shard", .text(result.shard)),
            ])
          })
      ),
    ])
  }
}

extension SearchAnswers: CustomStringConvertible {
  /// The query, and a line for each answer.
  public var description: String {
    let keyWidth = results.map(\.key.count).max() ?? 0
    let lines = results.map { result in
      "\(FixedText.right("\(result.rank)", width: 4))  "
        + "\(FixedText.number(Double(result.score), decimals: 4))  "
        + "\(FixedText.left(result.key, width: keyWidth))  \(result.text)"
    }
    return (["\(query.label) (\(mode.rawValue))"] + lines).joined(separator: "\n")
  }
}
