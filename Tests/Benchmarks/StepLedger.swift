internal import CPUDevice

/// The time of a step by kind of operation.
struct StepLedger {
  struct Entry {
    var calls = 0
    var seconds = 0.0
    var floatingPointOperations = 0
    var byteCount = 0
  }

  private var entries: [String: Entry] = [:]

  mutating func add(_ timing: StepTiming) {
    var entry = entries[timing.kind] ?? Entry()
    entry.calls += 1
    entry.seconds += timing.seconds
    entry.floatingPointOperations += timing.floatingPointOperations
    entry.byteCount += timing.byteCount
    entries[timing.kind] = entry
  }

  /// Takes over the times of another ledger of the same step where they are smaller.
  mutating func keepFastest(_ other: StepLedger) {
    for (kind, entry) in other.entries {
      let seconds = entries[kind]?.seconds ?? .infinity
      entries[kind, default: entry].seconds = min(seconds, entry.seconds)
    }
  }

  var floatingPointOperations: Int {
    entries.values.reduce(0) { $0 + $1.floatingPointOperations }
  }

  /// The kinds, from the one that takes longest.
  var kinds: [String] {
    entries.sorted { ($1.value.seconds, $0.key) < ($0.value.seconds, $1.key) }.map(\.key)
  }

  func seconds(of kind: String) -> Double { entries[kind]?.seconds ?? 0 }

  var seconds: Double { entries.values.reduce(0) { $0 + $1.seconds } }

  /// - Parameters: the seconds of a whole step; FLOP/s and bytes/s that the machine reaches.
  func table(whole: Double, peak: Double, bandwidth: Double) -> Table {
    var table = Table(
      "Where the time goes; the bound is sgemm for products and a large copy for all else "
        + "(above 100 %: the caches help)",
      columns: ["operation", "calls", "ms", "of step", "GFLOP/s", "GB/s", "of bound"])
    for kind in kinds {
      guard let entry = entries[kind], entry.byteCount > 0 else { continue }
      table.add(Self.row(kind, entry, whole: whole, peak: peak, bandwidth: bandwidth))
    }
    return table
  }

  static func row(
    _ kind: String, _ entry: Entry, whole: Double, peak: Double, bandwidth: Double
  ) -> [String] {
    let flops = Double(entry.floatingPointOperations) / entry.seconds
    let bytes = Double(entry.byteCount) / entry.seconds
    let isProduct = entry.floatingPointOperations > 0
    return [
      kind, "\(entry.calls)", Figure.milliseconds(entry.seconds),
      Figure.fixed(100 * entry.seconds / whole, 1) + " %",
      isProduct ? Figure.number(flops * 1e-9) : "",
      entry.byteCount > 0 ? Figure.number(bytes * 1e-9) : "",
      entry.byteCount > 0 ? Figure.percent(isProduct ? flops / peak : bytes / bandwidth) : "",
    ]
  }
}
