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
    let fixture = try ParityFixture(name)
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

  @Test(arguments: ParityFixture.names)
  func `unit embeddings are the library's`(name: String) throws {
    let run = try ParityRun(name)
    let pairs = [
      ("image_embeddings", try run.imageEmbeddings()),
      ("text_embeddings", try run.textEmbeddings()),
    ]
    for (tensor, found) in pairs {
      let expected = try run.fixture.floats(tensor)
      try #require(found.count == expected.count)
      let largest = zip(found, expected).map { abs($0 - $1) }.max() ?? .infinity
      #expect(largest < 5e-6, "\(tensor) differ by \(largest)")
    }
  }

  @Test(arguments: ParityFixture.names, ParityRun.Mode.all)
  func `the loss and every gradient are the library's`(
    name: String, mode: ParityRun.Mode
  ) throws {
    let run = try ParityRun(name, mode)
    let loss = try run.loss(ofBatch: 0)
    #expect(abs(loss - run.fixture.description.losses[0]) < 5e-6)
    for (parameter, entry) in zip(run.model.parameters, ParityRun.entries(of: run.model)) {
      let isLocked = mode.isLocked && entry.path.hasPrefix("image/")
      #expect(run.parameters.layout[entry.path]?.isTrained == !isLocked)
      guard !isLocked else { continue }
      let foreign = try run.fixture.floats("gradients/\(entry.key)")
      let expected = entry.values(from: foreign, sizes: parameter.sizes)
      let found = run.parameters.gradient(of: entry.path)
      let difference = norm(zip(found, expected).map { $0 - $1 })
      // A key's bias shifts all scores of a query alike: its gradient is zero but for roundings,
      // which the second term allows for.
      let allowed = 1e-4 * norm(expected) + 1e-6
      #expect(difference < allowed, "\(entry.path): \(difference), of \(norm(expected))")
    }
  }

  @Test(arguments: ParityFixture.names, ParityRun.Mode.all)
  func `ten AdamW steps have the library's losses`(
    name: String, mode: ParityRun.Mode
  ) throws {
    let run = try ParityRun(name, mode)
    let description = run.fixture.description
    let expected = mode.isLocked ? description.lockedLosses : description.losses
    let found = try run.losses()
    try #require(found.count == 10 && expected.count == 10)
    for (index, (found, expected)) in zip(found, expected).enumerated() {
      #expect(abs(found - expected) < 5e-6, "step \(index + 1): \(found), expected \(expected)")
    }
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

  private func norm(_ values: [Float]) -> Double {
    values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
  }
}
