import Autodiff
import CPUDevice
import Models
import Testing
import Training

/// Tiny models against transformers' ChineseCLIPModel and PyTorch's AdamW: embeddings, loss, every
/// gradient, ten losses. Theirs padded and in Float64, ours packed and in Float32.
///
/// The bounds are six to sixty times what Float32's roundings were measured to make: 2.4e-7 in
/// embeddings, 1.7e-6 of a gradient's norm (key biases 8e-8), 7.2e-7 in losses.
@Suite struct ParityTests {
  @Test(arguments: ParityFixture.names)
  func `every weight of the library is one of ours, in the same shape`(name: String) throws {
    try ParityRun(name).expectEveryTensor()
  }

  @Test(arguments: ParityFixture.names)
  func `unit embeddings are the library's`(name: String) throws {
    try ParityRun(name).expectEmbeddings()
  }

  @Test(arguments: ParityFixture.names, ParityRun.Mode.all)
  func `the loss and every gradient are the library's`(
    name: String, mode: ParityRun.Mode
  ) throws {
    let run = try ParityRun(name, mode)
    let loss = try run.loss(ofBatch: 0)
    #expect(abs(loss - run.fixture.description.losses[0]) < 5e-6)
    _ = try run.expectGradients("gradients")
  }

  @Test(arguments: ParityFixture.names, ParityRun.Mode.all)
  func `ten AdamW steps have the library's losses`(
    name: String, mode: ParityRun.Mode
  ) throws {
    let run = try ParityRun(name, mode)
    let description = run.fixture.description
    try run.expectLosses(
      mode.isLocked ? description.lockedLosses : description.losses, within: 5e-6)
  }

  @Test(arguments: ParityFixture.names)
  func `the two runs of a fixture lose differently`(name: String) throws {
    let description = try ParityFixture(name).description
    #expect(description.losses[0] == description.lockedLosses[0])
    let differences = zip(description.losses, description.lockedLosses).dropFirst(2)
      .map { abs($0 - $1) }
    #expect(differences.allSatisfy { $0 > 5e-3 })
  }

  @Test(arguments: ParityFixture.names)
  func `the fixture's rates are our warmup and cosine`(name: String) throws {
    let rates = try ParityFixture(name).description.optimizer.rates
    let schedule = LearningRateSchedule(
      shape: .cosine(floor: 0), base: 2e-3, warmupSteps: 3, totalSteps: rates.count)
    for (step, rate) in rates.enumerated() {
      #expect(abs(schedule.rate(step: step) - rate) <= 1e-9)
    }
  }
}
