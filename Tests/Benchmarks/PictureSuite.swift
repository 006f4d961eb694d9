internal import PairData

/// How many pictures of a folder become normalized pixels of 224 x 224 in a second: read, decoded,
/// resized as Pillow does it, normalized.
struct PictureSuite {
  private let options: Options
  private let folder: String

  init(_ options: Options, folder: String) {
    self.options = options
    self.folder = folder
  }

  func run() async {
    var table = Table(
      "Pictures of \(folder), to 224 x 224", columns: ["", "pictures/s"])
    do throws(PairDataError) {
      let pictures = try PictureFiles(folder, preparation: ImagePreparation(size: 224))
      for tasks in options.threads == 1 ? [1] : [1, options.threads] {
        let rate = try await picturesPerSecond(pictures, taskCount: tasks)
        table.add([tasks == 1 ? "one core" : "\(tasks) cores", Figure.fixed(rate, 1)])
      }
    } catch {
      Console.fail("\(error)")
    }
    Console.write(table.text)
  }

  /// Over the fastest pass through the folder.
  private func picturesPerSecond(
    _ pictures: PictureFiles, taskCount: Int
  ) async throws(PairDataError) -> Double {
    var best = Double.infinity
    let start = Rounds.nanoseconds()
    repeat {
      let before = Rounds.nanoseconds()
      // Few enough at a time that pixels stay in the caches, as where they are encoded.
      for first in stride(from: 0, to: pictures.count, by: 16) {
        let range = first..<min(first + 16, pictures.count)
        let batch = try await pictures.batch(range, taskCount: taskCount)
        _ = batch.pixels
      }
      best = min(best, Double(Rounds.nanoseconds() - before) * 1e-9)
    } while Double(Rounds.nanoseconds() - start) * 1e-9 < max(0.2, options.seconds)
    return Double(pictures.count) / best
  }
}
