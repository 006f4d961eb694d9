internal import DurableFiles
internal import StrictJSON

extension EnvironmentRecord {
  /// What decides about the last bits of steps, besides recipe and pairs.
  private static let bitMembers = ["version", "processor", "instructions", "products"]

  private static let byteLimit = 16 << 20

  /// What to say where the steps before this start were computed with something else.
  ///
  /// - Parameter path: `environments.jsonl`; lines that are none of ours are passed over.
  func differenceNote(startsIn path: String) -> String? {
    guard let bytes = try? FileContents.read(path, limit: Self.byteLimit),
      let own = try? JSONParser.parse(Array(json.line.utf8))
    else { return nil }
    // Starts of the same step, and of later ones that are given up, computed none of what is kept.
    let earlier = bytes.split(separator: UInt8(ascii: "\n")).reversed().lazy
      .compactMap { try? JSONParser.parse(Array($0)) }
      .first { ($0["after_step"]?.integer).map { $0 >= 0 && $0 < afterStep } ?? false }
    let differences = Self.bitMembers.compactMap { name -> String? in
      guard let was = earlier?[name]?.string, let now = own[name]?.string, was != now else {
        return nil
      }
      return "\(name) \(now), \(was) before"
    }
    guard !differences.isEmpty else { return nil }
    return "This start computes otherwise than the one before it: "
      + differences.joined(separator: "; ") + ". The same was expected: the run goes on, close to "
      + "what it would have been and not bit for bit. Where that matters, go on as before"
  }
}
