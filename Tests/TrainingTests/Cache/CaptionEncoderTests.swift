import PairData
import Testing

@testable import Training

struct CaptionEncoderTests {
  @Test func `captions under a name that no pair has are refused, and nothing is kept`()
    async throws
  {
    let trial = try EncodingTrial()
    defer { trial.run.remove() }
    let error = await #expect(throws: ModelError.self) {
      try await trial.captions([trial.run.shard], "zhh", damageLimit: 0.01)
    }
    guard case .data(.missingCaptionField("zhh", damaged: 147, read: 147, pairs: 147, _))? = error
    else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(error?.isUsageError == true && trial.files == [])
  }

  @Test func `pairs without captions count against the limit and are named`() async throws {
    let trial = try EncodingTrial()
    defer { trial.run.remove() }
    let pictures = Array(EncodingTrial.pictures[..<8])
    let good = try trial.write(pictures, to: "a-good.tar")
    let bad = try trial.write(pictures, to: "b-bad.tar") { $0 == 5 ? " " : "图" }
    let error = await #expect(throws: ModelError.self) {
      try await trial.captions([good, bad], "txt", damageLimit: 0.06)
    }
    guard case .data(.tooManyDamagedPairs(1, 16, 0.06, let first))? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(first.map(\.pair) == [13] && first.map(\.key) == ["pair5"])
    let some = try await trial.captions([good, bad], "txt", damageLimit: 0.07)
    #expect(some.report.count == 15 && some.report.damagedPairs == ["\(first[0])"])
  }
}
