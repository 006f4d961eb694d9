internal import Autodiff
internal import CPUDevice
internal import Models
internal import PairData

/// What a recipe will do, found without training a step: `duiqi train --dry-run`.
public struct RunPlan: Sendable {
  /// One parameter and what the recipe's rules make of it.
  public struct Row: Sendable, Equatable {
    public let path: String
    public let sizes: [Int]
    public let isTrained: Bool
    /// The decay and the rate at the end of the warmup; 0 where it is locked.
    public let weightDecay: Float
    public let learningRate: Float
  }

  /// Bytes by purpose.
  public struct Memory: Sendable, Equatable {
    public let parameters: Int
    public let gradients: Int
    public let moments: Int
    public let averages: Int
    /// Copies of what an update changes while a checkpoint is written, at most.
    public let snapshot: Int
    public let imageActivations: Int
    public let textActivations: Int
    public let lossActivations: Int
    /// A teacher's parameters and activations.
    public let teacher: Int
    /// Embeddings and features that are computed once.
    public let tables: Int

    public var total: Int {
      parameters + gradients + moments + averages + snapshot + imageActivations
        + textActivations + lossActivations + teacher + tables
    }
  }

  public let recipe: Recipe
  /// Where the run would go on; nothing where it would begin.
  public let start: Start?
  public let rows: [Row]
  public let memory: Memory
  public let stepsPerEpoch: Double
  public let totalSteps: Int
  /// Whether pictures are encoded once, before the first step.
  public let keepsImageEmbeddings: Bool
  /// Whether captions are encoded once, before the first step.
  public let keepsTextEmbeddings: Bool
  /// Whether the teacher's features of pictures are computed once, before the first step.
  public let keepsTeacherFeatures: Bool
  /// What masking leaves of a picture.
  let keptPatches: KeptPatches?
  /// What is allowed and seldom meant.
  public let notes: [String]
  let cost: ContrastiveStep.Cost
  /// What is encoded before the first step.
  let encodings: [OnceEncoding]
  let training: DataCheck
  let validation: DataCheck?

  /// Opens everything and looks at the data; writes nothing.
  ///
  /// - Parameters:
  ///   - root: where the run's checkpoints and logs lie.
  ///   - resume: whether it would go on from one of them.
  ///   - prober: see ``Trainer``.
  ///   - progress: is told how many pairs of how many were looked at.
  public init(
    _ recipe: Recipe, root: String = ".", resume: ResumeMode = .never, prober: String? = nil,
    progress: (Int, Int) -> Void = { _, _ in }
  ) async throws(ModelError) {
    let point = try Self.point(of: recipe, root: root, resume: resume, prober: prober)
    let changes = try point?.requireSameRun(recipe) ?? []
    let preparation = try RunPreparation(recipe, resuming: point?.reader, prober: prober)
    start = if let point { try Self.start(at: point, changes, of: preparation) } else { nil }
    let loaded = preparation.loaded
    self.recipe = recipe
    stepsPerEpoch = preparation.stepsPerEpoch
    totalSteps = preparation.totalSteps
    keepsImageEmbeddings = preparation.keepsImageEmbeddings
    keepsTeacherFeatures = preparation.keepsTeacherFeatures
    keptPatches = preparation.step.settings.keptPatches
    rows = loaded.model.parameters.map { Self.row($0, preparation) }
    notes = preparation.notes
    do throws(PairDataError) {
      training = try await DataCheck(
        preparation.pairs, tokenizer: loaded.tokenizer,
        configuration: preparation.loaderConfiguration(withImages: true), progress: progress)
      validation = try await Self.checkedValidation(preparation, progress)
      for check in [training, validation].compactMap({ $0 }) {
        try check.requireReadable(limit: recipe.data.damageLimit)
      }
      try training.requireBatch(of: recipe.batch.pairs)
    } catch {
      throw .data(error)
    }
    keepsTextEmbeddings = preparation.keepsTextEmbeddings
    cost = preparation.step.cost(
      tokensPerText: training.tokensPerText, withTeacher: !preparation.keepsTeacherFeatures)
    encodings = try await preparation.encodings(tokensPerText: training.tokensPerText)
    let layout = loaded.parameters.layout
    memory = Memory(
      parameters: 4 * layout.elementCount, gradients: 4 * layout.trainedElementCount,
      moments: 8 * layout.trainedElementCount,
      averages: recipe.optimizer.averageDecay == nil ? 0 : 4 * layout.trainedElementCount,
      snapshot: RunSnapshot.bytes(
        trainedElementCount: layout.trainedElementCount,
        hasAverage: recipe.optimizer.averageDecay != nil),
      imageActivations: cost.imageBytes,
      textActivations: cost.textBytes, lossActivations: cost.lossBytes,
      teacher: preparation.teacherBytes, tables: encodings.reduce(0) { $0 + $1.bytes })
  }

  private static func checkedValidation(
    _ preparation: RunPreparation, _ progress: (Int, Int) -> Void
  ) async throws(PairDataError) -> DataCheck? {
    guard let pairs = preparation.validationPairs else { return nil }
    var configuration = preparation.loaderConfiguration(withImages: true)
    configuration.captions = preparation.recipe.data.validationCaptions
    return try await DataCheck(
      pairs, tokenizer: preparation.loaded.tokenizer, configuration: configuration,
      progress: progress)
  }

  private static func row(_ parameter: Parameter, _ preparation: RunPreparation) -> Row {
    guard let treatment = preparation.treatments[parameter.path], treatment.isTrained else {
      return Row(
        path: parameter.path, sizes: parameter.sizes, isTrained: false, weightDecay: 0,
        learningRate: 0)
    }
    let optimizer = preparation.recipe.optimizer
    return Row(
      path: parameter.path, sizes: parameter.sizes, isTrained: true,
      weightDecay: optimizer.weightDecay * treatment.decay,
      learningRate: optimizer.learningRate * treatment.rate)
  }
}
