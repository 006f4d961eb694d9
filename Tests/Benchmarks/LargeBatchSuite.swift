internal import CPUDevice
internal import Glibc
internal import Models

/// What a large contrastive batch costs a pair, beside a small one, and in memory: ViT-B/16 and
/// RoBERTa-base with the image tower locked, on made-up pairs.
struct LargeBatchSuite {
  private static let small = 256

  private let options: Options
  private let device: CPUDevice

  init(_ options: Options, device: CPUDevice) {
    self.options = options
    self.device = device
  }

  func run() -> [NamedFigure] {
    // One after the other, so that the process's peak is that of the large batch alone.
    let before = measured(Self.small, rounds: 3)
    let large = measured(options.largeBatch, rounds: 1)
    let peak = Self.peakResidentBytes
    let after = measured(Self.small, rounds: 3)
    var table = Table(
      "Large batches: ViT-B/16 and RoBERTa-base, image locked, captions of 18 tokens, "
        + device.products.rawValue,
      columns: ["pairs", "step, s", "ms a pair", "ratio", "most memory, MiB"])
    let base = min(before, after) / Double(Self.small)
    for (pairs, seconds) in [
      (Self.small, before), (options.largeBatch, large), (Self.small, after),
    ] {
      let each = seconds / Double(pairs)
      table.add([
        "\(pairs)", Figure.number(seconds), Figure.milliseconds(each), Figure.fixed(each / base, 2),
        pairs == options.largeBatch ? "\(peak >> 20)" : "",
      ])
    }
    Console.write(table.text)
    return [
      NamedFigure("batches/pairs", Double(options.largeBatch)),
      NamedFigure("batches/seconds_per_pair", large / Double(options.largeBatch)),
      NamedFigure("batches/small_seconds_per_pair", base),
      NamedFigure("batches/peak_bytes", Double(peak)),
    ]
  }

  /// Seconds of the fastest step.
  private func measured(_ pairs: Int, rounds: Int) -> Double {
    let step = StepCase.realSize(
      "", .baseP16, trainsImage: false, pairs: pairs, options, on: device)
    return (0..<rounds).map { _ in step.run().whole }.reduce(.infinity, min)
  }

  private static var peakResidentBytes: Int {
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue, &usage)
    // Linux counts in KiB.
    return usage.ru_maxrss << 10
  }
}
