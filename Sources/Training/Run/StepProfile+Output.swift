extension StepProfile: CustomStringConvertible {
  /// A table of means over the measured steps, what takes longest first.
  public var description: String {
    guard hasSteps else { return "No step was taken, so that there is nothing to measure." }
    guard stepCount > 0 else {
      return "No step was measured: the first one of a start is left out."
    }
    let header = ["part", "operation", "calls", "ms", "share", "GFLOP/s", "GB/s"]
    var lines = [header]
    for (work, entry) in rows {
      lines.append([
        work.place, work.operation, FixedText.short(perStep(Double(entry.callCount))),
        milliseconds(entry.seconds), share(entry.seconds), rate(entry.gigaflops),
        rate(entry.gigabytesPerSecond),
      ])
    }
    let rest = max(0, seconds - accountedSeconds)
    lines.append(["", "everything else", "", milliseconds(rest), share(rest), "", ""])
    lines.append(["", "in all", "", milliseconds(seconds), share(seconds), "", ""])
    let widths = header.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
    let table = lines.map { line in
      line.enumerated().map { column, cell in
        column < 2
          ? FixedText.left(cell, width: widths[column])
          : FixedText.right(cell, width: widths[column])
      }.joined(separator: "  ")
    }
    return ([title] + table).joined(separator: "\n")
  }

  private var title: String {
    let pairs = Int((Double(pairCount) / Double(stepCount)).rounded())
    return "Where the time of a step went, over \(FixedText.count(stepCount, "step")) of "
      + "\(FixedText.count(pairs, "pair")): "
      + "\(FixedText.number(Double(pairCount) / seconds, decimals: 1)) pairs/s, "
      + "\(share(accountedSeconds)) accounted for"
  }

  private func perStep(_ value: Double) -> Double { value / Double(stepCount) }

  private func milliseconds(_ seconds: Double) -> String {
    FixedText.number(1_000 * perStep(seconds), decimals: 2)
  }

  private func share(_ seconds: Double) -> String {
    FixedText.number(100 * seconds / self.seconds, decimals: 1) + " %"
  }

  private func rate(_ value: Double?) -> String {
    value.map { FixedText.number($0, decimals: 1) } ?? ""
  }

  /// The same figures for scripts.
  public var json: JSONText {
    func mean(_ value: Double) -> JSONText { stepCount > 0 ? .number(perStep(value)) : .null }
    func share(_ value: Double) -> JSONText { seconds > 0 ? .number(value / seconds) : .null }
    return .object([
      ("steps", .integer(stepCount)), ("seconds_per_step", mean(seconds)),
      ("pairs_per_second", seconds > 0 ? .number(Double(pairCount) / seconds) : .null),
      ("accounted_share", share(accountedSeconds)),
      (
        "operations",
        .array(
          rows.map { work, entry in
            .object([
              ("part", work.part.map { .text($0) } ?? .null),
              ("pass", work.pass.map { .text($0) } ?? .null),
              ("operation", .text(work.operation)),
              ("calls_per_step", mean(Double(entry.callCount))),
              ("seconds_per_step", mean(entry.seconds)), ("share", share(entry.seconds)),
              ("gflops", entry.gigaflops.map { .number($0) } ?? .null),
              (
                "gigabytes_per_second", entry.gigabytesPerSecond.map { .number($0) } ?? .null
              ),
            ])
          })
      ),
    ])
  }
}
