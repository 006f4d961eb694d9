internal import CPUDevice
internal import Models

/// Whole optimizer steps: what they reach of `sgemm`'s peak, and where their time goes.
struct StepSuite {
  private let options: Options
  private let device: CPUDevice
  private let product: ProductYardstick

  init(_ options: Options, device: CPUDevice) {
    self.options = options
    self.device = device
    product = ProductYardstick(threads: options.threads)
  }

  func run() async -> [NamedFigure] {
    var figures = measure(await StepCase.bothTowers(options, on: device), "stage_1")
    figures += measure(await StepCase.lockedImage(options, on: device), "stage_2")
    guard options.includesRealSize else { return figures }
    let base = "ViT-B/16 and RoBERTa-base"
    func realSize(
      _ title: String, _ size: DualEncoder.Configuration, trainsImage: Bool, pairs: Int
    ) -> StepCase {
      .realSize(title, size, trainsImage: trainsImage, pairs: pairs, options, on: device)
    }
    figures += measure(realSize(base, .baseP16, trainsImage: false, pairs: 112), "locked")
    figures += measure(realSize(base, .baseP16, trainsImage: true, pairs: 8), "both")
    figures += measure(realSize("RN50 and RBT3", .rn50, trainsImage: true, pairs: 16), "rn50")
    return figures
  }

  private func measure(_ step: StepCase, _ name: String) -> [NamedFigure] {
    let best = Rounds.fastest(
      seconds: 10 * options.seconds,
      [
        {
          let parts = step.run()
          return [parts.whole, parts.clearing, parts.gradients, parts.norm, parts.update]
        }, { (0..<8).map { _ in product.run() } },
      ])
    let sgemm = ProductYardstick.floatingPointOperations / (best[1].min() ?? 1)
    // Instructions on pairs of BF16 do twice the work.
    let isRounded = device.products == .bfloat16
    let peak = isRounded ? 2 * sgemm : sgemm
    let copy = MemoryYardstick(byteCount: 256 << 20, threads: device.threads)
    let bandwidth = copy.copiedBytes / (0..<5).map { _ in copy.copy() }.reduce(1, min)

    let ledger = profiled(step)
    let flops = Double(ledger.floatingPointOperations)
    let (whole, gradients) = (best[0][0], best[0][2])
    Console.write(
      """

      == \(step.title): \(step.pairs) pairs, \(step.tokenCount) text tokens, \
      \(step.trainedCount) trained parameters
      step     \(Figure.milliseconds(whole)) ms, \(Figure.number(Double(step.pairs) / whole)) \
      pairs/s
      work     \(Figure.number(flops * 1e-9)) GFLOP of products
      speed    \(Figure.number(flops / whole * 1e-9)) GFLOP/s
      peak     \(Figure.number(peak * 1e-9)) GFLOP/s, \(isRounded ? "twice " : "")sgemm measured \
      between the steps
      share    \(Figure.percent(flops / whole / peak)) of the peak
      """)
    var table = ledger.table(whole: whole, peak: peak, bandwidth: bandwidth)
    for (title, seconds, bytes) in [
      ("clear gradients", best[0][1], 4 * step.trainedCount),
      ("gradient norm", best[0][3], 4 * step.trainedCount),
      ("AdamW", best[0][4], 28 * step.trainedCount),
    ] {
      table.add(
        StepLedger.row(
          title, .init(calls: 1, seconds: seconds, floatingPointOperations: 0, byteCount: bytes),
          whole: whole, peak: peak, bandwidth: bandwidth))
    }
    let rest = StepLedger.Entry(calls: 1, seconds: max(0, gradients - ledger.seconds))
    table.add(
      StepLedger.row(
        "between operations", rest, whole: whole, peak: peak, bandwidth: bandwidth))
    Console.write(table.text)
    return [
      NamedFigure("steps/\(name)_seconds", whole),
      NamedFigure("steps/\(name)_pairs_per_second", Double(step.pairs) / whole),
      NamedFigure("steps/\(name)_gflops", flops / whole * 1e-9),
      NamedFigure("steps/\(name)_share", flops / whole / peak),
    ]
  }

  /// The fastest time of each kind of operation over some steps.
  private func profiled(_ step: StepCase) -> StepLedger {
    var ledger = StepLedger()
    step.profile { ledger.add($0) }
    _ = step.run()
    var best = ledger
    let start = Rounds.nanoseconds()
    repeat {
      ledger = StepLedger()
      _ = step.run()
      best.keepFastest(ledger)
    } while Double(Rounds.nanoseconds() - start) * 1e-9 < 5 * options.seconds
    return best
  }
}
