import Autodiff
import CPUDevice
import Models
import TestSupport
import Testing
import Training

/// A tiny model with a residual image tower against PyTorch: embeddings, every gradient, ten
/// losses, running statistics; locked and trained, whole batches and a few pictures at a time.
/// Theirs in Float64, ours in Float32.
@Suite struct ResidualParityTests {
  private let fixture: ParityFixture

  init() throws {
    fixture = try ParityFixture(ParityFixture.residual)
  }

  private func run(_ mode: ParityRun.Mode = .init()) throws -> ParityRun {
    try ParityRun(ParityFixture.residual, mode)
  }

  @Test func `every tensor of the peer is one of ours, in the same shape`() throws {
    try run().expectEveryTensor()
  }

  @Test func `unit embeddings are the peer's`() throws {
    try run().expectEmbeddings()
  }

  @Test(arguments: ParityRun.Mode.all)
  func `the loss and every gradient are the peer's`(mode: ParityRun.Mode) throws {
    let run = try run(mode)
    let loss = try run.loss(ofBatch: 0)
    #expect(abs(loss - losses(mode)[0]) < 1e-5)
    let worst = try run.expectGradients(gradients(mode))
    TestReport.show("gradients of a residual model, \(mode): worst \(worst) of a norm")
  }

  @Test(arguments: ParityRun.Mode.all)
  func `ten AdamW steps have the peer's losses and running statistics`(
    mode: ParityRun.Mode
  ) throws {
    let run = try run(mode)
    try run.expectLosses(losses(mode), within: 5e-5)
    var count = 0
    for (parameter, entry) in zip(run.model.parameters, ParityRun.entries(of: run.model))
    where !parameter.isLearned {
      let expected = try fixture.floats("\(statistics(mode))/\(entry.key)")
      let found = run.parameters.values(of: entry.path)
      let difference = norm(zip(found, expected).map { $0 - $1 })
      #expect(difference < 1e-4 * (norm(expected) + 1), "\(entry.path): \(difference)")
      count += 1
    }
    #expect(count == 3 * 22)
  }

  @Test func `the peer's runs differ from each other`() throws {
    let description = fixture.description
    let chunked = try #require(description.chunkedLosses)
    for others in [description.lockedLosses, chunked] {
      #expect(abs(others[0] - description.losses[0]) > 5e-3)
    }
    let (before, after, inChunks) = (
      try fixture.floats("weights/visual.bn1.running_mean"),
      try fixture.floats("statistics/visual.bn1.running_mean"),
      try fixture.floats("chunked_statistics/visual.bn1.running_mean")
    )
    #expect(norm(zip(before, after).map { $0 - $1 }) > 1e-2)
    #expect(norm(zip(inChunks, after).map { $0 - $1 }) > 1e-4)
  }

  @Test(arguments: [5, 10, 50])
  func `positions are interpolated as PyTorch does`(rows: Int) throws {
    let grid = try #require(PositionGrid(try fixture.floats("positions"), width: 8))
    let found = try #require(grid.resized(toRows: rows))
    let expected = try fixture.floats("positions_\(rows)")
    try #require(found.count == expected.count)
    let largest = zip(found, expected).map { abs($0 - $1) }.max() ?? .infinity
    #expect(largest < 1e-6)
  }

  private func losses(_ mode: ParityRun.Mode) -> [Float] {
    if mode.isLocked { return fixture.description.lockedLosses }
    return mode.chunks == .small
      ? fixture.description.chunkedLosses ?? [] : fixture.description.losses
  }

  private func gradients(_ mode: ParityRun.Mode) -> String {
    if mode.isLocked { return "locked_gradients" }
    return mode.chunks == .small ? "chunked_gradients" : "gradients"
  }

  private func statistics(_ mode: ParityRun.Mode) -> String {
    if mode.isLocked { return "weights" }
    return mode.chunks == .small ? "chunked_statistics" : "statistics"
  }
}
