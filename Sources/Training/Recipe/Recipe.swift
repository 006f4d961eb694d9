public import Autodiff

/// Everything a run is told, checked and complete: what `duiqi train` reads from a recipe file.
///
/// Paths are absolute; they were written relative to the recipe. `resolved` writes a recipe back as
/// canonical YAML with the defaults in place, which decodes to an equal recipe.
public struct Recipe: Sendable, Equatable {
  /// The run's name, that of its folders: letters, digits, `_`, `-` and `.`.
  public let run: String
  /// What initial parameters, the order of pairs, dropout and augmentation are drawn from.
  public let seed: UInt64
  public let model: Model
  public let data: Data
  public let objective: Objective
  public let batch: Batch
  public let optimizer: Optimizer
  public let precision: Precision
  public let length: Duration
  /// Nothing without `data.validation`.
  public let validation: Validation?
  public let checkpoints: Checkpoints
  public let threads: Threads
  /// What activations kept between the two passes over a batch may take.
  public let memoryBudget: ByteCount
  /// How many steps in a row with a loss or gradient that is not finite end the run.
  public let nonFiniteStepLimit: Int

  /// What matrix products round their operands to; parameters, sums and all else are Float32.
  public enum Precision: String, Sendable, CaseIterable {
    case float32
    /// Where the processor has no instructions for it, Float32 is used.
    case bfloat16
  }

  public struct Batch: Sendable, Equatable {
    /// Pairs contrasted with each other, those of one optimizer step.
    public let pairs: Int
    public let tokensPerChunk: Int
    public let imagesPerChunk: Int
  }

  /// The loss: symmetric InfoNCE.
  public struct Objective: Sendable, Equatable {
    /// The multiplier of similarities never exceeds this.
    public let logitScaleMaximum: Float
    public let repeatedPairs: SymmetricInfoNCE.RepeatedPairs
  }

  public struct Validation: Sendable, Equatable {
    public let every: Duration
    public let chooseBestBy: RetrievalFigure
    /// How many validations in a row without a better figure end the run.
    public let stopAfterWorse: Int?
  }

  public struct Checkpoints: Sendable, Equatable {
    public let every: Duration
    /// How many of a run's regular checkpoints stay; the best stays besides.
    public let keep: Int
  }

  /// Nothing stands for all cores.
  public struct Threads: Sendable, Equatable {
    public let compute: Int?
    public let loader: Int?
  }
}
