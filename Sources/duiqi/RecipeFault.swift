internal import Training

/// Files that a recipe is made of or names: where one cannot be read, the recipe is wrong.
enum RecipeFault {
  static func read(_ path: String, overrides: [String]) throws -> Recipe {
    do throws(ModelError) {
      return try RecipeFile.read(path, overrides: overrides)
    } catch {
      if error.unreadablePath != nil { throw CommandFailure.recipe("\(error)") }
      throw error
    }
  }

  /// The error of a run as its recipe's, where it is about a file that the recipe names.
  static func attributed(_ error: any Error, to recipe: Recipe) -> any Error {
    guard let path = (error as? ModelError)?.unreadablePath else { return error }
    return names(of: recipe).contains(path) ? CommandFailure.recipe("\(error)") : error
  }

  private static func names(of recipe: Recipe) -> [String] {
    switch recipe.model.source {
    case .checkpoint(let path, _): [path]
    case .fresh(let fresh): [fresh.vocabulary] + (fresh.imageFrom.map { [$0] } ?? [])
    }
  }
}
