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
    let model = DualEncoder(fixture.configuration)
    let entries = ParityRun.entries(of: model)
    #expect(entries.map(\.path) == model.parameters.map(\.path))
    #expect(Set(entries.map(\.key)) == Set(fixture.keys))
    #expect(entries.count == fixture.keys.count)
    for (parameter, entry) in zip(model.parameters, entries) {
      let sizes = fixture.description.tensors.first { $0.name == "weights/\(entry.key)" }?.sizes
      #expect(sizes == parameter.sizes, "\(entry.path)")
    }
  }

  @Test func `unit embeddings are the peer's`() throws {
    let run = try run()
    let pairs = [
      ("image_embeddings", try run.imageEmbeddings()),
      ("text_embeddings", try run.textEmbeddings()),
    ]
    for (tensor, found) in pairs {
      let expected = try fixture.floats(tensor)
      try #require(found.count == expected.count)
      let largest = zip(found, expected).map { abs($0 - $1) }.max() ?? .infinity
      #expect(largest < 5e-6, "\(tensor) differ by \(largest)")
    }
  }

  @Test(arguments: ParityRun.Mode.all)
  func `the loss and every gradient are the peer's`(mode: ParityRun.Mode) throws {
    let run = try run(mode)
    let loss = try run.loss(ofBatch: 0)
    #expect(abs(loss - losses(mode)[0]) < 1e-5)
    var worst = 0.0
    for (parameter, entry) in zip(run.model.parameters, ParityRun.entries(of: run.model)) {
      let isTrained =
        parameter.isLearned && !(mode.isLocked && entry.path.hasPrefix("image/"))
      #expect(run.parameters.layout[entry.path]?.isTrained == isTrained)
      guard isTrained else { continue }
      let expected = entry.values(
        from: try fixture.floats("\(gradients(mode))/\(entry.key)"), sizes: parameter.sizes)
      let found = run.parameters.gradient(of: entry.path)
      let difference = norm(zip(found, expected).map { $0 - $1 })
      // A key's bias shifts all scores of a query alike: its gradient is zero but for roundings,
      // which the second term allows for.
      let allowed = 1e-4 * norm(expected) + 1e-6
      #expect(difference < allowed, "\(entry.path): \(difference), of \(norm(expected))")
      if norm(expected) > 1e-4 { worst = max(worst, difference / norm(expected)) }
    }
    TestReport.show("gradients of a residual model, \(mode): worst \(worst) of a norm")
  }

  @Test(arguments: ParityRun.Mode.all)
  func `ten AdamW steps have the peer's losses and running statistics`(
    mode: ParityRun.Mode
  ) throws {
    let run = try run(mode)
    let (found, expected) = (try run.losses(), losses(mode))
    try #require(found.count == 10 && expected.count == 10)
    for (index, (found, expected)) in zip(found, expected).enumerated() {
      #expect(abs(found - expected) < 5e-5, "step \(index + 1): \(found), expected \(expected)")
    }
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

  private func norm(_ values: [Float]) -> Double {
    values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
  }
}
