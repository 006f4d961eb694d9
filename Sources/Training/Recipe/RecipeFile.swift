internal import DurableFiles

/// A recipe's file.
public enum RecipeFile {
  /// Reads and checks a recipe.
  ///
  /// - Parameter overrides: `KEY=VALUE` each, as given to `--set`.
  public static func read(
    _ path: String, overrides: [String] = []
  ) throws(ModelError) -> Recipe {
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try FileContents.read(path, limit: 64 << 20)
    } catch {
      throw .file(error)
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .mismatch(
        found: "\(path) is not UTF-8", expected: "A recipe in YAML was expected",
        advice: "Give the recipe's own file, saved as UTF-8.")
    }
    do throws(RecipeError) {
      return try RecipeDecoder.decode(text: text, file: path, overrides: overrides)
    } catch {
      throw .recipe(error)
    }
  }
}
