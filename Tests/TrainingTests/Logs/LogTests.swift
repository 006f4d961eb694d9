import Foundation
import Testing

@testable import Training

@Suite struct LogTests {
  private func withFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("training-logs-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  private func row(_ step: Int) -> StepRow {
    StepRow(
      step: step, epoch: 0, loss: 1.5, logitScale: 14.3, learningRate: 5e-5, gradientNorm: .nan,
      pairsPerSecond: 12.25, tokens: 90, dataWaitSeconds: 0, damaged: 0)
  }

  private let metrics = RetrievalMetrics(textRanks: [1], imageRanks: [1], imageCount: 1)

  @Test func `JSON keeps order, escapes and shortest numbers`() {
    let value = JSONText.object([
      ("b", .text("对\"\\\n\u{1}\u{2028}")), ("a", .array([.single(0.1), .number(1e-7), .null])),
      ("c", .boolean(true)), ("d", .number(.infinity)), ("e", .integer(-3)), ("f", .object([])),
    ])
    #expect(
      value.line
        == #"{"b": "对\"\\\n\u0001\u2028", "a": [0.1, 1e-07, null], "c": true, "d": null, "#
        + #""e": -3, "f": {}}"#)
  }

  @Test func `a step row has the contract's keys in order`() {
    #expect(
      row(3).json.line
        == #"{"kind": "step", "step": 3, "epoch": 0, "loss": 1.5, "logit_scale": 14.3, "#
        + #""learning_rate": 5e-05, "gradient_norm": null, "pairs_per_second": 12.25, "#
        + #""tokens": 90, "data_wait_seconds": 0, "damaged": 0}"#)
    var taught = row(3)
    taught.distillationLoss = 0.25
    #expect(
      taught.json.line == row(3).json.line.dropLast() + #", "distillation_loss": 0.25}"#)
  }

  @Test func `resuming drops later rows and a torn one`() throws {
    try withFolder { folder in
      let path = folder + "/metrics.jsonl"
      var log = MetricsLog(path: path, keepingRowsThroughStep: 0) { Issue.record("\($0)") }
      for step in 1...4 { log.add(row(step)) }
      log.add(metrics, step: 4)
      #expect(log.rows.makeDurable() == nil)
      let whole = try String(contentsOfFile: path, encoding: .utf8)
      try (whole + #"{"kind": "step", "step": 2, "ep"#).write(
        toFile: path, atomically: false, encoding: .utf8)
      log = MetricsLog(path: path, keepingRowsThroughStep: 4) { Issue.record("\($0)") }
      #expect(try String(contentsOfFile: path, encoding: .utf8) == whole)
      log = MetricsLog(path: path, keepingRowsThroughStep: 2) { Issue.record("\($0)") }
      log.add(row(3))
      let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
      #expect(lines.map { $0.prefix(30) } == (1...3).map { row($0).json.line.prefix(30) })
      log = MetricsLog(path: path, keepingRowsThroughStep: 0) { Issue.record("\($0)") }
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["metrics.jsonl"])
    }
  }

  @Test func `a log that cannot be written is reported once`() throws {
    try withFolder { folder in
      var reports: [LogError] = []
      let log = MetricsLog(path: folder + "/missing/m.jsonl", keepingRowsThroughStep: 0) {
        reports.append($0)
      }
      log.add(row(1))
      log.add(row(2))
      #expect(reports.count == 1)
      #expect(reports.first?.description.contains("No such file") == true)
      try FileManager.default.createDirectory(
        atPath: folder + "/missing", withIntermediateDirectories: false)
      log.add(row(3))
      let text = try String(contentsOfFile: folder + "/missing/m.jsonl", encoding: .utf8)
      #expect(text == row(3).json.line + "\n")
    }
    var reports = 0
    let full = MetricsLog(path: "/dev/full", keepingRowsThroughStep: 0) { _ in reports += 1 }
    full.add(row(1))
    full.add(row(2))
    #expect(reports == 1)
  }

  @Test func `the environment names machine and libraries`() throws {
    try withFolder { folder in
      let record = EnvironmentRecord(
        version: "0.1.0", commit: nil, computeThreads: 2, loaderThreads: 1,
        instructions: "avx2", libraries: [("openblas", "0.3"), ("hdf5", "1.10")])
      #expect((1...4096).contains(record.coreCount))
      #expect(record.memoryBytes > 1 << 20)
      try record.write(to: folder + "/environment.json")
      let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/environment.json"))
      let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
      #expect(object["version"] as? String == "0.1.0")
      #expect(object["system"] as? String == record.system)
      #expect(object["instructions"] as? String == "avx2")
      #expect((object["libraries"] as? [String: String])?["hdf5"] == "1.10")
      #expect(throws: LogError.self) { try record.write(to: folder + "/no/environment.json") }
    }
  }
}
