import Autodiff
import Foundation
import PairData
import Testing

@testable import Training

/// The recipes of the repository.
@Suite struct ShippedRecipeTests {
  private static let folder = URL(filePath: #filePath).appending(path: "../../../../recipes")
    .standardizedFileURL.path

  private struct Shipped {
    let name: String
    let text: String
    let recipe: Recipe
  }

  private static func all() throws -> [Shipped] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
      .filter { $0.hasSuffix(".yaml") }.map { file in
        let path = "\(folder)/\(file)"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        return Shipped(
          name: String(file.dropLast(".yaml".count)), text: text,
          recipe: try RecipeDecoder.decode(text: text, file: path, overrides: []))
      }
  }

  @Test func `every recipe decodes, and again from its resolved form`() throws {
    let shipped = try Self.all()
    #expect(shipped.count >= 8)
    for one in shipped {
      let again = try RecipeDecoder.decode(
        text: one.recipe.resolved, file: "/resolved.yaml", overrides: [])
      #expect(again == one.recipe, "\(one.name)")
    }
  }

  @Test func `a run has the name of its file, and the head says how to start it`() throws {
    for one in try Self.all() {
      #expect(one.recipe.run == one.name)
      let head = one.text.split(separator: "\n").prefix { $0.hasPrefix("#") }
      #expect(head.contains { $0.contains("duiqi train recipes/\(one.name).yaml") }, "\(one.name)")
    }
  }

  @Test func `what tunes published weights is gentle, and locked towers see pictures once`()
    throws
  {
    let tuning = try Self.all().filter { one in
      guard case .checkpoint(let path, _) = one.recipe.model.source else { return false }
      return path.hasSuffix("/checkpoints/chinese_clip_vit_b16.h5")
    }
    let sets = ["coco_cn", "flickr30k_cn", "muge"]
    #expect(tuning.map(\.name) == sets.flatMap { ["\($0)_full", "\($0)_locked"] })
    for one in tuning {
      let recipe = one.recipe
      #expect((1e-5...5e-5).contains(recipe.optimizer.learningRate), "\(one.name)")
      #expect(recipe.optimizer.weightDecay == 0.001)
      #expect(recipe.objective.repeatedPairs == .masked)
      #expect(recipe.data.alpha == .dropped && recipe.data.orientation == .ignored)
      guard case .cosine(.percent, _) = recipe.optimizer.schedule else {
        Issue.record("\(one.name): the warm-up is no share of the run")
        continue
      }
      let isLocked = one.name.hasSuffix("_locked")
      #expect(one.text.contains("image/**: locked") == isLocked)
      #expect((recipe.data.augmentation == .none) == isLocked)
    }
  }
}
