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

/// A whole checkpoint that a run wrote, and what it says of the run.
struct ResumePoint {
  let reader: CheckpointReader
  let state: RunState
  /// What to tell the user: damaged checkpoints that were passed over.
  let notes: [String]

  /// Where a run goes on; `nil` where it begins.
  static func find(
    _ mode: ResumeMode, in folder: String, prober: String?
  ) throws(ModelError) -> ResumePoint? {
    switch mode {
    case .auto: try ResumePoint(newestIn: folder)
    case .never: nil
    case .checkpoint(let path): try ResumePoint(path: path, prober: prober)
    }
  }

  /// Opens and verifies one file.
  init(path: String, prober: String?) throws(ModelError) {
    reader = try UserCheckpoint.verified(path, prober: prober)
    state = try RunState(reader.document, file: path)
    notes = []
  }

  /// The newest whole checkpoint of a run's folder; `nil` where there is none at all.
  ///
  /// - Throws: what is wrong with the newest one, where there are some and none is whole: starting
  ///   anew would then be a loss that nobody asked for.
  init?(newestIn folder: String) throws(ModelError) {
    guard Folder.exists(folder) else { return nil }
    let (reader, refused) = CheckpointFolder.newestGood(in: folder)
    guard let reader else {
      if let first = refused.first { throw .checkpoint(first) }
      return nil
    }
    self.reader = reader
    state = try RunState(reader.document, file: reader.path)
    notes = refused.map { "Passed over a checkpoint. \($0)" }
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

  /// Makes sure that the pairs are those that the run began with, wherever they lie now.
  func requireData(_ fingerprint: String, patterns: [String]) throws(ModelError) {
    guard state.dataFingerprint == fingerprint else {
      throw .mismatch(
        found: "\(reader.path): the run began with other pairs than "
          + patterns.joined(separator: ", ") + " has now",
        expected: "The same shards in the same order were expected",
        advice: "Give the new data another `run`, or start anew with `--resume never`.")
    }
  }

  /// Makes sure that the teacher is the one that the run began with, wherever it lies now.
  func requireTeacher(_ sha256: String, of recipe: Recipe) throws(ModelError) {
    guard state.teacherSHA256 == sha256 else {
      throw .mismatch(
        found: "\(reader.path): the run began with another teacher than "
          + "\(recipe.objective.distillation?.teacher ?? "none") is now",
        expected: "A checkpoint with the same parameters was expected",
        advice: "Name the old teacher, give the new one another `run`, or start anew with "
          + "`--resume never`.")
    }
  }

  /// Reads what the optimizer has of all trained parameters: moments, and the weights themselves
  /// where the model was loaded with their averages.
  func readOptimizer(
    into optimizer: AdamWUpdate, _ loaded: LoadedModel, hasAverage: Bool
  ) throws(ModelError) {
    let trained = loaded.parameters.layout.entries.filter(\.isTrained).map(\.parameter)
    let sections: [CheckpointSection] = [.firstMoments, .secondMoments]
    let wanted = (hasAverage ? sections + [.weights] : sections).flatMap { section in
      trained.map { (parameter: $0, section: section) }
    }
    try loaded.read(count: wanted.count) { index throws(CheckpointError) in
      let (parameter, section) = wanted[index]
      let target =
        switch section {
        case .firstMoments: optimizer.firstMoments(of: parameter.path)
        case .secondMoments: optimizer.secondMoments(of: parameter.path)
        case .parameters, .weights: loaded.parameters.storage(of: parameter.path)
        }
      try reader.read(parameter.path, in: section, sizes: parameter.sizes, into: target)
    }
  }
}
