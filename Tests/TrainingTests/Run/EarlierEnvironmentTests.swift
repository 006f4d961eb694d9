import FileTestSupport
import Foundation
import Testing

@testable import Training

/// What is said where a run goes on with other instructions than it had.
struct EarlierEnvironmentTests {
  private func record(after step: Int, _ instructions: String = "avx2") -> EnvironmentRecord {
    EnvironmentRecord(
      version: "1", commit: nil, afterStep: step, computeThreads: 1, loaderThreads: 1,
      instructions: instructions, libraries: [])
  }

  private func note(_ record: EnvironmentRecord, after starts: String) throws -> String? {
    let folder = try TemporaryFolder()
    return record.differenceNote(startsIn: try folder.write(starts, to: "environments.jsonl"))
  }

  @Test func `other instructions and products are named with what they were`() throws {
    let before = record(after: 0).json.line + "\n"
    let now = EnvironmentRecord(
      version: "1", commit: nil, afterStep: 4, computeThreads: 7, loaderThreads: 7,
      instructions: "avx512", products: "bfloat16", libraries: [])
    #expect(
      try note(now, after: before)?.hasPrefix(
        "This start computes otherwise than the one before it: instructions avx512, avx2 before; "
          + "products bfloat16, float32 before. ") == true)
    #expect(try note(record(after: 4), after: before) == nil)
  }

  @Test func `the start that computed the steps that are kept counts`() throws {
    let starts = [record(after: 0), record(after: 4, "avx512"), record(after: 8)]
      .map { $0.json.line + "\n" }.joined()
    // The second one was stopped before it had a step that is kept, or gone on from.
    #expect(try note(record(after: 4), after: starts) == nil)
    #expect(try note(record(after: 4, "avx512"), after: starts) != nil)
    #expect(try note(record(after: 8, "avx512"), after: starts) == nil)
    #expect(try note(record(after: 8), after: starts) != nil)
    #expect(try note(record(after: 0, "avx512"), after: starts) == nil)
  }

  @Test func `what is no start is passed over`() throws {
    let now = record(after: 4, "avx512")
    let foreign = [
      "", "{", "[]", "7", #"{"after_step": -1, "instructions": "x"}"#, #"{"instructions": "x"}"#,
      #"{"after_step": "0", "instructions": "x"}"#, #"{"after_step": 0, "instructions": 7}"#,
      #"{"after_step": 1e30, "instructions": "x"}"#, "\u{0}",
    ]
    for line in foreign { #expect(try note(now, after: line + "\n") == nil, "\(line)") }
    let all = record(after: 0).json.line + "\n" + foreign[0...6].joined(separator: "\n")
    #expect(try note(now, after: all)?.contains("instructions avx512, avx2 before") == true)
    #expect(now.differenceNote(startsIn: "/nowhere/environments.jsonl") == nil)
  }

  @Test func `a run that goes on otherwise says so, once`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    func train(to length: Int) async throws -> [String] {
      try await run.train(["length=\(length) steps", "optimizer.schedule=constant"]).notes
        .filter { $0.contains("computes otherwise") }
    }
    #expect(try await train(to: 2).isEmpty)
    let path = run.folder + "/a/logs/miniature/environments.jsonl"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try text.replacing(#""products": "float32""#, with: #""products": "bfloat16""#)
      .write(toFile: path, atomically: false, encoding: .utf8)
    let notes = try await train(to: 4)
    #expect(notes.count == 1 && notes[0].contains("products float32, bfloat16 before"))
    let log = try String(
      contentsOfFile: run.folder + "/a/logs/miniature/run.log", encoding: .utf8)
    #expect(log.contains("warning: This start computes otherwise"))
    #expect(try await train(to: 6).isEmpty)
  }
}
