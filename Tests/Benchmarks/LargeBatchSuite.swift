internal import CPUDevice
internal import Foundation
internal import Models

/// What a large contrastive batch costs a pair, beside a small one, and in memory: ViT-B/16 and
/// RoBERTa-base with the image tower locked, on made-up pairs.
///
/// The large step takes many minutes, in which a shared machine changes its speed. So it is stopped
/// between two operations now and then for two steps of the small batch: both see the same minutes.
/// The second of the two counts, since the first finds memory that lay idle.
struct LargeBatchSuite {
  private static let small = 256
  /// How long the large step runs between two small ones.
  private static let interval = 90.0

  private let options: Options
  private let device: CPUDevice

  init(_ options: Options, device: CPUDevice) {
    self.options = options
    self.device = device
  }

  func run() -> [NamedFigure] {
    let resident = Self.residentBytes
    let small = stepCase(Self.small)
    var (ledger, smallLedger) = (StepLedger(), StepLedger())
    var smallSteps: [Double] = []
    var isCounted = false
    small.profile { if isCounted { smallLedger.add($0) } }
    func takeSmallSteps() {
      isCounted = false
      _ = small.run()
      isCounted = true
      smallSteps.append(small.run().whole)
    }
    takeSmallSteps()
    let smallBytes = Self.residentBytes - resident
    let large = stepCase(options.largeBatch)
    var stopped = 0.0
    var last = Rounds.nanoseconds()
    large.profile { timing in
      ledger.add(timing)
      guard Double(Rounds.nanoseconds() - last) * 1e-9 > Self.interval else { return }
      stopped += Rounds.seconds(takeSmallSteps)
      last = Rounds.nanoseconds()
    }
    let seconds = large.run().whole - stopped
    takeSmallSteps()
    let peak = Self.peakResidentBytes - smallBytes

    let each = seconds / Double(options.largeBatch)
    let smallEach = smallSteps.reduce(0, +) / Double(smallSteps.count * Self.small)
    var table = Table(
      "Large batches: ViT-B/16 and RoBERTa-base, image locked, captions of 18 tokens, "
        + device.products.rawValue,
      columns: ["pairs", "steps", "ms a pair", "from", "to", "ratio", "memory, MiB"])
    let range = [smallSteps.min(), smallSteps.max()].map {
      Figure.milliseconds(($0 ?? 0) / Double(Self.small))
    }
    table.add(
      ["\(Self.small)", "\(smallSteps.count)", Figure.milliseconds(smallEach)] + range + ["", ""])
    table.add([
      "\(options.largeBatch)", "1", Figure.milliseconds(each), "", "",
      Figure.fixed(each / smallEach, 2), "\(peak >> 20)",
    ])
    Console.write(table.text)
    Console.write(
      Self.comparison(
        ledger, pairs: options.largeBatch, smallLedger, pairs: Self.small * smallSteps.count
      ).text)
    return [
      NamedFigure("batches/pairs", Double(options.largeBatch)),
      NamedFigure("batches/seconds_per_pair", each),
      NamedFigure("batches/small_seconds_per_pair", smallEach),
      NamedFigure("batches/peak_bytes", Double(peak)),
    ]
  }

  private func stepCase(_ pairs: Int) -> StepCase {
    .realSize("", .baseP16, trainsImage: false, pairs: pairs, options, on: device)
  }

  /// Where the time of a pair goes in both batches.
  private static func comparison(
    _ large: StepLedger, pairs: Int, _ small: StepLedger, pairs smallPairs: Int
  ) -> Table {
    var table = Table(
      "By operation, microseconds a pair", columns: ["operation", "small", "large", "more"])
    for kind in large.kinds {
      let (before, after) = (
        1e6 * small.seconds(of: kind) / Double(smallPairs),
        1e6 * large.seconds(of: kind) / Double(pairs)
      )
      if max(before, after) < 10 { continue }
      table.add([kind] + [before, after, after - before].map { Figure.fixed($0, 0) })
    }
    return table
  }

  private static var peakResidentBytes: Int {
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue, &usage)
    // Linux counts in KiB.
    return usage.ru_maxrss << 10
  }

  /// The second number of proc(5)'s statm counts pages.
  private static var residentBytes: Int {
    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    return text.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map {
      $0 * sysconf(Int32(_SC_PAGESIZE))
    } ?? 0
  }
}
