import Foundation
import Models
import Testing

@testable import Autodiff
@testable import CPUDevice
@testable import Checkpoints
@testable import Training

/// `model.from` with pictures of another size than the checkpoint's.
struct ResizedPositionsTests {
  /// A checkpoint of a trained miniature, and a recipe's override that starts from it.
  private func source(
    _ run: MiniatureRun, _ overrides: [String] = []
  ) async throws -> (path: String, from: (_ size: Int) -> [String]) {
    _ = try await run.train(overrides + ["length=2 steps"], root: "source")
    let path = run.checkpoints("source") + "/last.h5"
    return (
      path,
      { size in
        [
          "model={from: \(path), configuration: {image: {size: \(size)}}, train: [\"**: trained\"]}"
        ]
      }
    )
  }

  @Test func `positions are interpolated, everything else is taken as it is`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let (path, from) = try await source(run)
    let before = try run.contents(path).tensors
    // Patches of 8 pixels: 2 x 2 of them become 3 x 3.
    let preparation = try RunPreparation(try run.recipe(from(24)))
    let loaded = preparation.loaded
    #expect(loaded.description.configuration.image.imageSize == 24)
    let old = try #require(before["parameters/image/positions"]).map { Float(bitPattern: $0) }
    let expected = try #require(PositionGrid(old, width: 32)?.resized(toRows: 10))
    #expect(loaded.parameters.values(of: "image/positions") == expected)
    for parameter in loaded.model.parameters where parameter.path != "image/positions" {
      let values = loaded.parameters.values(of: parameter.path).map(\.bitPattern)
      #expect(values == before["parameters/\(parameter.path)"], "\(parameter.path)")
    }
  }

  @Test func `such a run trains, and goes on from its own checkpoints exactly`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let (_, from) = try await source(run)
    _ = try await run.train(from(24), root: "whole")
    _ = try await run.train(from(24), root: "broken")
    try run.forgetCheckpoints(after: 4, root: "broken")
    _ = try await run.train(from(24), root: "broken")
    let whole = try run.contents(run.checkpoints("whole") + "/last.h5")
    #expect(try run.contents(run.checkpoints("broken") + "/last.h5") == whole)
    #expect(whole.tensors["parameters/image/positions"]?.count == 10 * 32)
  }

  @Test func `the checkpoint's own size changes nothing`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let (path, from) = try await source(run)
    let preparation = try RunPreparation(try run.recipe(from(16)))
    #expect(
      preparation.loaded.parameters.values(of: "image/positions").map(\.bitPattern)
        == (try run.contents(path).tensors["parameters/image/positions"]))
  }

  @Test func `a size that patches do not fill is refused`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let (_, from) = try await source(run)
    let error = #expect(throws: ModelError.self) {
      try RunPreparation(try run.recipe(from(20)))
    }
    #expect(error?.description.contains("have 8 pixels a side") == true)
    #expect(error?.isUsageError == true)
  }

  @Test func `a residual tower takes its own size alone`() async throws {
    let run = try MiniatureRun()
    defer { run.remove() }
    let (_, from) = try await source(
      run, ["model.configuration.image={size: 32, layers: [1, 1, 1, 1], width: 2, head_width: 16}"])
    #expect(throws: Never.self) { try RunPreparation(try run.recipe(from(32))) }
    let error = #expect(throws: ModelError.self) {
      try RunPreparation(try run.recipe(from(64)))
    }
    #expect(error?.description.contains("takes 32 pixels") == true)
  }
}
