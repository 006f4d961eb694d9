internal import Glibc
internal import PairData
internal import Tokenizers

/// The pairs that come with the repository, loaded as training loads them.
struct EmojiPairs {
  static let contextLength = 24
  private let pairs: PairSet
  private let tokenizer: Tokenizer

  init() {
    do {
      pairs = try PairSet(
        patterns: ["train.tar", "validation.tar"], folder: "recipes/data/noto-emoji")
      tokenizer = try Tokenizer(vocabularyBytes: Self.bytes("recipes/data/bert-chinese/vocab.txt"))
    } catch {
      Console.fail("\(error) Run the benchmarks from the repository's root.")
    }
  }

  var vocabularyCount: Int { tokenizer.vocabularyCount }

  /// - Parameters:
  ///   - captions: a caption selector, such as `en`.
  ///   - imageSize: in pixels; 0 for captions alone.
  func loader(
    captions: String, imageSize: Int, pairs count: Int, taskCount: Int
  ) -> BatchLoader {
    var configuration = LoaderConfiguration(
      batchPairs: count, contextLength: EmojiPairs.contextLength,
      images: imageSize > 0 ? ImagePreparation(size: imageSize) : nil)
    configuration.taskCount = taskCount
    configuration.cacheBytes = 0
    do throws(PairDataError) {
      configuration.captions = try CaptionSelector(captions)
    } catch {
      Console.fail("\(error)")
    }
    return BatchLoader(pairs: pairs, tokenizer: tokenizer, configuration: configuration)
  }

  static func batch(_ loader: BatchLoader, from cursor: DataCursor = .start) async -> PairBatch {
    do throws(PairDataError) {
      return try await loader.batch(from: cursor)
    } catch {
      Console.fail("\(error)")
    }
  }

  private static func bytes(_ path: String) -> [UInt8] {
    guard let file = fopen(path, "re") else { return [] }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&part, 1, part.count, file), count > 0 {
      bytes += part[..<count]
    }
    return bytes
  }
}
