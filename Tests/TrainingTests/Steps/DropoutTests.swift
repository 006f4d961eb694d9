import Autodiff
import CPUDevice
import Models
import TestSupport
import Testing

@testable import Training

@Suite struct DropoutTests {
  static let pairs = MiniaturePairs(count: 16)
  let trial = StepTrial(pairs: 16).with {
    $0.settings.tokensPerChunk = 40
    $0.settings.dropout = 0.2
  }

  /// The text plan of the miniature model.
  private func textPlan(dropout: Float, trained: Bool = true) -> Plan {
    let model = trial.model
    return EncoderPlans.text(
      model, tokensPerChunk: 64, sequencesPerChunk: 16, dropout: dropout,
      trained: trained ? model.parameters : [])
  }

  @Test func `a chunk that is encoded again drops what it dropped before`() throws {
    let kept = try trial.outcome(Self.pairs.batch())
    let encodedAgain = try trial.with { $0.settings.memoryBudgetBytes = 0 }.outcome(
      Self.pairs.batch())
    #expect(encodedAgain.differences(from: kept) == [])
  }

  @Test func `steps and seeds drop differently, the same step alike`() throws {
    let batch = Self.pairs.batch()
    let first = try trial.outcome(batch, step: 1)
    #expect(try trial.outcome(batch, step: 1) == first)
    #expect(try trial.outcome(batch, step: 2).loss != first.loss)
    #expect(try trial.with { $0.settings.seed = 10 }.outcome(batch).loss != first.loss)
  }

  @Test func `chunks of one step drop differently`() throws {
    // Two equal captions, each in a chunk of its own: only dropout can tell them apart.
    var pairs = Self.pairs[[0, 0]]
    pairs.captions = [[1, 5, 30, 31, 32, 2], [1, 5, 30, 31, 32, 2]]
    let apart = trial.with { $0.settings.tokensPerChunk = MiniatureModel.contextLength }
    let plain = apart.with { $0.settings.repeatedPairs = .plain }
    #expect(TextChunks.split(offsets: pairs.offsets, tokenLimit: 16).count == 1)
    pairs.captions = pairs.captions.map { $0 + [Int32](repeating: 40, count: 4) }
    #expect(TextChunks.split(offsets: pairs.offsets, tokenLimit: 16).count == 2)
    let dropped = try plain.outcome(pairs.batch())
    let undropped = try plain.with { $0.settings.dropout = 0 }.outcome(pairs.batch())
    // Without dropout all four similarities are equal, so the loss is ln 2.
    #expect(abs(undropped.loss - 0.693_147_2) < 1e-5)
    #expect(abs(dropped.loss - 0.693_147_2) > 1e-3)
  }

  @Test func `embeddings and their norm, attention and both branches of a block are dropped`() {
    let operations = textPlan(dropout: 0.2).steps.filter { $0.stage == 0 }.map(\.operation)
    let dropouts = operations.compactMap { $0 as? Dropout }
    let attentions = operations.compactMap { $0 as? Attention }
    #expect(dropouts.count == 1 + 2 * 2 && attentions.count == 2)
    #expect(dropouts.allSatisfy { $0.rate == 0.2 })
    #expect(attentions.allSatisfy { $0.dropoutRate == 0.2 })
    let sites = dropouts.map(\.site) + attentions.map(\.site)
    #expect(Set(sites).count == sites.count, "Each place has random numbers of its own.")
  }

  @Test func `the dropped share is the rate, at every place`() throws {
    // Ones in, so zeros out are what was dropped; 20,000 elements deviate by 0.3 % at most.
    let graph = Graph()
    let x = graph.input("x", [Extent(.tokens), 100])
    let outputs = (0..<5).map { ("y\($0)", x.dropout(0.1)) }
    let plan = Plan(graph, outputs: outputs, capacities: [.tokens: 200])
    let device = CPUDevice(threadCount: 1)
    let program = try device.compile(
      plan, parameters: device.makeParameters(ParameterLayout(trained: [], locked: [])))
    for chunk in 0..<3 as Range<UInt64> {
      program.set("x", to: [Float](repeating: 1, count: 20_000))
      program.run(
        stage: 0, sizes: [.tokens: 200], randomKey: RandomKey.mixed(9, 1, chunk))
      for (name, _) in outputs {
        let values = program.values(of: name)
        let share = Double(values.count { $0 == 0 }) / 20_000
        // Five standard deviations of a binomial share.
        #expect(abs(share - 0.1) < 5 * (0.1 * 0.9 / 20_000.0).squareRoot(), "\(name), \(chunk)")
        #expect(values.allSatisfy { $0 == 0 || abs($0 - 1 / 0.9) < 1e-6 })
      }
    }
  }

  @Test func `inference drops nothing`() throws {
    let plan = textPlan(dropout: 0, trained: false)
    #expect(!plan.steps.contains { $0.operation is Dropout })
    #expect(
      plan.steps.compactMap { $0.operation as? Attention }.allSatisfy { $0.dropoutRate == 0 })

    // A step without dropout and the embedder see the same captions.
    let (device, parameters, _) = try trial.prepared()
    let embedder = try Embedder(
      trial.model, on: device, parameters: parameters, tokensPerChunk: 40)
    let first = embedder.embedTexts(Self.pairs.captions)
    #expect(embedder.embedTexts(Self.pairs.captions) == first)
  }
}
