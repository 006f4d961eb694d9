import Autodiff
import Foundation
import Testing

@testable import CPUDevice
@testable import Checkpoints
@testable import DurableFiles
@testable import Training

/// Checkpoints that are written while the run goes on.
@Suite struct SavingTests {
  private static let averaged = "optimizer.ema_decay=0.9"

  /// A run's preparation with an optimizer that has made an update.
  private struct Trial {
    let preparation: RunPreparation
    let optimizer: AdamWUpdate
    let average: WeightAverage?
    let room: SnapshotRoom

    init(_ recipe: Recipe) {
      // The recipes here are whole.
      do {
        preparation = try RunPreparation(recipe)
      } catch {
        preconditionFailure("\(error)")
      }
      optimizer = preparation.makeOptimizer()
      average = preparation.makeAverage()
      room = SnapshotRoom(
        arenas: RunSnapshot.arenaLengths(
          preparation.loaded.parameters.layout, hasAverage: average != nil))
      update(1)
    }

    func update(_ count: Int) {
      let parameters = preparation.loaded.parameters
      for index in 0..<parameters.layout.trainedElementCount {
        parameters.gradients[index] = Float(index % 17 + count) - 9
      }
      optimizer.apply(updateCount: count, learningRate: 0.01, gradientScale: 1)
      average?.update()
    }

    var snapshot: RunSnapshot {
      RunSnapshot(preparation.loaded, optimizer, average: average, in: room)
    }

    var document: CheckpointDocument {
      preparation.loaded.document(recipe: preparation.recipe, state: RunState())
    }
  }

  private func write(_ snapshot: RunSnapshot, of trial: Trial, to path: String) throws {
    try CheckpointWriter.write(
      to: path, document: trial.document, parameters: snapshot.tensors(in: .parameters),
      firstMoments: snapshot.tensors(in: .firstMoments),
      secondMoments: snapshot.tensors(in: .secondMoments),
      weights: snapshot.tensors(in: .weights))
  }

  @Test(arguments: [[], [averaged], [#"model.train=["image/**: locked", "**: trained"]"#]])
  func `updates made meanwhile do not reach a snapshot`(_ settings: [String]) throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let trial = Trial(try run.recipe(settings))
    let paths = ["before", "after", "later"].map { "\(run.folder)/\($0).h5" }
    try write(trial.snapshot, of: trial, to: paths[0])
    let snapshot = trial.snapshot
    snapshot.arenas.settle(on: trial.preparation.loaded.device.threads)
    trial.update(2)
    try write(snapshot, of: trial, to: paths[1])
    try write(trial.snapshot, of: trial, to: paths[2])
    let files = try paths.map { try Data(contentsOf: URL(filePath: $0)) }
    #expect(files[0] == files[1])
    #expect(files[0] != files[2])
    #expect(snapshot.arenas.unreadBytes == 0)
    let layout = trial.preparation.loaded.parameters.layout
    let bytes = RunSnapshot.bytes(
      trainedElementCount: layout.trainedElementCount, hasAverage: settings == [Self.averaged])
    // Copies come in whole blocks, a last one for each arena.
    #expect(trial.room.touchedBytes >= bytes)
  }

  /// Each later step would spoil a checkpoint that is read too late.
  @Test func `each of many checkpoints has its own step's numbers`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let steady = ["optimizer.schedule=constant", "checkpoints.every=1 steps", Self.averaged]
    _ = try await run.train(steady, root: "whole")
    for step in [1, 3, 5] {
      _ = try await run.train(steady + ["length=\(step) steps"], root: "\(step)")
      let name = CheckpointFolder.name(ofStep: step)
      let alone = try run.contents("\(run.checkpoints("\(step)"))/\(name)")
      let among = try run.contents("\(run.checkpoints("whole"))/\(name)")
      #expect(among.tensors == alone.tensors, "step \(step)")
      #expect(among.state.cursor == alone.state.cursor)
    }
  }

  @Test func `every checkpoint is told of once, in order, and before the end`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    var saved: [Int] = []
    let trainer = try Trainer(
      try run.recipe(["checkpoints.every=1 steps"]), root: "\(run.folder)/a", resume: .auto,
      stopSignal: { nil },
      report: { event in
        guard case .saved(let path, let step) = event else { return }
        saved.append(step)
        // It is there, whole, by then.
        #expect(CheckpointReader.verify(path) == [])
      })
    #expect(try await trainer.run() == .finished(steps: 7))
    #expect(saved == Array(1...7))
    let log = try String(
      contentsOfFile: "\(run.folder)/a/logs/miniature/run.log", encoding: .utf8)
    let lines = log.split(separator: "\n")
    #expect(lines.filter { $0.contains("info: Saved ") }.count == 7)
    #expect(lines.last?.contains("Finished after step 7") == true)
  }

  @Test func `a checkpoint that cannot be written ends the run`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let folder = run.checkpoints()
    let taken = "\(folder)/step-00000004.h5"
    let error = await #expect(throws: ModelError.self) {
      // A folder cannot be replaced by a file.
      _ = try await run.train(
        ["length=40 steps"], onValidation: { try? Folder.create("\(taken)/x") })
    }
    guard case .checkpoint(.file(let failure))? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(failure.operation == .publish && failure.path == taken)
    #expect(AtomicLink.target(of: "\(folder)/last.h5") == "step-00000003.h5")
    #expect(CheckpointReader.verify("\(folder)/last.h5") == [])
    #expect(try Folder.names(in: folder).allSatisfy { !AtomicFile.isTemporary($0) })
    // At the next checkpoint at the latest.
    #expect(try run.rows().count <= 6 + 2)
  }
}
