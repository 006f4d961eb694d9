internal import Autodiff
internal import CPUDevice
internal import Checkpoints
internal import DurableFiles
internal import PairData

/// Whether a run goes on from a checkpoint.
public enum ResumeMode: Equatable, Sendable {
  /// From the newest whole checkpoint in the run's folder; from the start where there is none.
  case auto
  /// From the start; checkpoints and logs of an earlier run of the name are set aside.
  case never
  /// From this checkpoint file.
  case checkpoint(path: String)
}

/// A checkpoint that a run wrote, and what it says of the run.
struct ResumePoint {
  let reader: CheckpointReader
  let state: RunState

  init(_ reader: CheckpointReader) throws(ModelError) {
    self.reader = reader
    state = try RunState(reader.document, file: reader.path)
  }

  /// Opens a file that someone named.
  init(path: String, prober: String?) throws(ModelError) {
    try self.init(try UserCheckpoint.opened(path, prober: prober))
  }

  /// The recipe that the checkpoint was written with.
  func recipe() throws(ModelError) -> Recipe {
    do throws(RecipeError) {
      return try RecipeDecoder.decode(text: reader.document.recipe, file: reader.path)
    } catch {
      throw .recipe(error)
    }
  }

  /// Makes sure that going on with a recipe continues the run and is not another experiment.
  ///
  /// - Returns: what changed and may change.
  func requireSameRun(_ recipe: Recipe) throws(ModelError) -> [RecipeDifference] {
    let differences = recipe.differences(from: try self.recipe())
    let own = differences.filter { !$0.keepsRun && $0.key != "run" }
    guard own.isEmpty else {
      throw .mismatch(
        found: "\(reader.path) belongs to another recipe: "
          + own.map(\.description).joined(separator: "; "),
        expected: "The recipe that the run began with was expected",
        advice: "Go on with it by `duiqi resume`, give this recipe another `run`, or start anew "
          + "with `--resume never`, which sets the old checkpoints aside.")
    }
    if case .fresh(let fresh) = recipe.model.source,
      differences.contains(where: { $0.key == "data.vocabulary" })
    {
      try requireVocabulary(fresh.vocabulary)
    }
    return differences
  }

  /// Makes sure that a vocabulary named anew is the one that the model has.
  private func requireVocabulary(_ path: String) throws(ModelError) {
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try FileContents.read(path, limit: 64 << 20)
    } catch {
      throw .file(error)
    }
    guard bytes == reader.document.vocabulary else {
      throw .mismatch(
        found: "\(path) is not the vocabulary in \(reader.path)",
        expected: "The one that the run began with was expected, wherever it lies",
        advice: "Go on with the run by `duiqi resume`, or give this recipe another `run`.")
    }
  }

  /// Makes sure that pairs and teacher are those that the run began with.
  func requireInputs(of preparation: RunPreparation) throws(ModelError) {
    let recipe = preparation.recipe
    try requireData(preparation.pairs.fingerprint, patterns: recipe.data.train)
    try requireTeacher(preparation.teacher?.sha256 ?? "", of: recipe)
  }

  /// Makes sure that the pairs are those that the run began with, wherever they lie now.
  private func requireData(_ fingerprint: String, patterns: [String]) throws(ModelError) {
    guard state.dataFingerprint == fingerprint else {
      throw .mismatch(
        found: "\(reader.path): the run began with other pairs than "
          + patterns.joined(separator: ", ") + " has now",
        expected: "The same shards in the same order were expected",
        advice: "Give the new data another `run`, or start anew with `--resume never`.")
    }
  }

  /// Makes sure that the teacher is the one that the run began with, wherever it lies now.
  private func requireTeacher(_ sha256: String, of recipe: Recipe) throws(ModelError) {
    guard state.teacherSHA256 == sha256 else {
      throw .mismatch(
        found: "\(reader.path): the run began with another teacher than "
          + "\(recipe.objective.distillation?.teacher ?? "none") is now",
        expected: "A checkpoint with the same parameters was expected",
        advice: "Name the old teacher, give the new one another `run`, or start anew with "
          + "`--resume never`.")
    }
  }

  /// Reads all tensors, the model's and the optimizer's, and makes sure that they are those that
  /// were written.
  ///
  /// - Parameter average: what a checkpoint has as the model's parameters, where there is one; the
  ///   weights themselves are beside the moments then.
  func restore(
    _ loaded: LoadedModel, _ optimizer: AdamWUpdate, average: WeightAverage?
  ) throws(ModelError) {
    let parameters = loaded.parameters
    let places = parameters.layout.entries.flatMap { entry in
      let parameter = entry.parameter
      func place(
        _ section: CheckpointSection, _ target: UnsafeMutableBufferPointer<Float>
      ) -> TensorPlace {
        TensorPlace(parameter.path, in: section, sizes: parameter.sizes, target: target)
      }
      let values = parameters.storage(of: parameter.path)
      guard entry.isTrained else { return [place(.parameters, values)] }
      let moments = [
        place(.firstMoments, optimizer.firstMoments(of: parameter.path)),
        place(.secondMoments, optimizer.secondMoments(of: parameter.path)),
      ]
      guard let average else { return moments + [place(.parameters, values)] }
      return moments + [
        place(.parameters, average.values(of: parameter.path)), place(.weights, values),
      ]
    }
    do throws(CheckpointError) {
      try reader.restore(places) { count, body in
        loaded.device.threads.run(taskCount: count, body)
      }
    } catch {
      throw .checkpoint(error)
    }
  }
}
