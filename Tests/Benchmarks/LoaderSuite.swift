internal import PairData

/// How many pictures and captions the loader makes ready in a second, without its cache.
struct LoaderSuite {
  private let options: Options

  init(_ options: Options) {
    self.options = options
  }

  func run() async {
    let emoji = EmojiPairs()
    var table = Table(
      "Loader: the pairs that come with the repository, batches of 256",
      columns: ["", "tasks", "pairs/s"])
    for tasks in options.threads == 1 ? [1] : [1, options.threads] {
      for (title, size) in [("64 px pictures, captions", 64), ("captions alone", 0)] {
        let loader = emoji.loader(
          captions: "en", imageSize: size, pairs: 256, taskCount: tasks)
        table.add([title, "\(tasks)", Figure.number(await pairsPerSecond(loader))])
      }
    }
    Console.write(table.text)
  }

  /// Over the fastest batch.
  private func pairsPerSecond(_ loader: BatchLoader) async -> Double {
    var cursor = DataCursor.start
    var best = Double.infinity
    let start = Rounds.nanoseconds()
    while Double(Rounds.nanoseconds() - start) * 1e-9 < max(0.2, options.seconds) {
      let before = Rounds.nanoseconds()
      let batch = await EmojiPairs.batch(loader, from: cursor)
      _ = batch.images.pixels(0..<min(1, batch.images.count))
      best = min(best, Double(Rounds.nanoseconds() - before) * 1e-9)
      cursor = batch.cursorAfter
    }
    return Double(loader.configuration.batchPairs) / best
  }
}
