internal import Autodiff
internal import CPUDevice
internal import Checkpoints
internal import DurableFiles
internal import Glibc
internal import Training

/// A run that leaves checkpoints in a folder of its own, for as long as it is measured.
struct CheckpointRun {
  private static let stepsPerCheckpoint = 8
  private static let checkpointCount = 3
  /// After the last of them, so that the end of the run does not wait for it.
  private static let lastStepCount = 5

  let title: String
  private let folder: String
  private let recipe: Recipe
  /// The same run, to go on from the end of the first.
  private let longer: Recipe

  /// What a run's steps took, in seconds.
  struct Steps {
    /// The mean step while nothing is written, and while something is.
    var alone = 0.0
    var beside = 0.0
    /// What steps waited for each checkpoint.
    var stallSeconds = 0.0
    var longestStallSeconds = 0.0
    var copiedBytes = 0
  }

  init(_ options: Options) {
    let isReal = options.includesRealSize
    title = isReal ? "ViT-B/16 and RoBERTa-base, both trained" : "a small image and text tower"
    var template = Array("\(Self.parentFolder)/duiqi-checkpoints-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      Console.fail("\(Self.parentFolder): no folder can be made there. Name another in TMPDIR.")
    }
    folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    do throws(RecipeError) {
      let (text, file) = (
        Self.text(isReal, options), "\(Self.workingFolder)/checkpoints.yaml"
      )
      recipe = try RecipeDecoder.decode(text: text, file: file)
      longer = try RecipeDecoder.decode(
        text: text, file: file, overrides: ["length=1000000 steps"])
    } catch {
      Console.fail("\(error)")
    }
  }

  private static var parentFolder: String { getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp" }

  private static var workingFolder: String {
    guard let path = getcwd(nil, 0) else { return "." }
    defer { free(path) }
    return String(cString: path)
  }

  private static func text(_ isReal: Bool, _ options: Options) -> String {
    let configuration =
      isReal
      ? "image: { size: 224, patch: 16, width: 768, depth: 12, head_width: 64 }, "
        + "text: { width: 768, depth: 12, head_width: 64, mlp_width: 3072, "
        + "maximum_positions: 512 }, embedding_width: 512"
      : "image: { size: 32, patch: 16, width: 192, depth: 2, head_width: 64 }, "
        + "text: { width: 512, depth: 6, head_width: 64, mlp_width: 2048, "
        + "maximum_positions: 64 }, embedding_width: 256"
    return """
      run: checkpoints
      seed: 1
      model:
        family: chinese_clip
        configuration: { \(configuration) }
        train: ["**: trained"]
        dropout: 0
      data:
        train: recipes/data/noto-emoji/test.tar
        captions: zh
        vocabulary: recipes/data/bert-chinese/vocab.txt
        context_length: 24
      objective:
        info_nce: { logit_scale_maximum: 100, repeated_pairs: masked }
      batch: { pairs: \(isReal ? 16 : 64), tokens_per_chunk: 512, images_per_chunk: 16 }
      optimizer:
        adamw: { learning_rate: 1e-6, weight_decay: 0.05 }
        schedule: constant
      precision: \(options.products.rawValue)
      length: \(stepsPerCheckpoint * checkpointCount + lastStepCount) steps
      checkpoints: { every: \(stepsPerCheckpoint) steps, keep: 1 }
      threads: { compute: \(options.threads) }
      """
  }

  func remove() {
    // Made here: nothing else is in it.
    _ = system("rm -r '\(folder)'")
  }

  private var checkpoint: String { "\(folder)/checkpoints/checkpoints/last.h5" }

  var checkpointBytes: Int {
    var status = stat()
    return stat(checkpoint, &status) == 0 ? Int(status.st_size) : 0
  }

  /// Trains all steps; the last checkpoint stays.
  func train() async -> Steps {
    let clock = StepClock()
    do throws(ModelError) {
      let trainer = try Trainer(
        recipe, root: folder, resume: .auto, stopSignal: { nil }, report: { clock.note($0) })
      clock.trainer = trainer
      _ = try await trainer.run()
      clock.trainer = nil
      return clock.summary(of: trainer, checkpoints: Self.checkpointCount)
    } catch {
      Console.fail("\(error)")
    }
  }

  /// What writing took.
  struct Writing {
    var seconds: Double
    var processorSeconds: Double
  }

  /// Writing the checkpoint's tensors, and writing as many plain bytes and flushing them, the
  /// fastest of some of both in turn.
  func disk() -> (checkpoint: Writing, plain: Writing) {
    let reader: CheckpointReader
    var tensors: [CheckpointSection: [CheckpointTensor]] = [:]
    do throws(CheckpointError) {
      reader = try CheckpointReader(checkpoint)
      for section in CheckpointSection.allCases {
        var list: [CheckpointTensor] = []
        for path in reader.paths(in: section) {
          let sizes = try reader.sizes(of: path, in: section)
          let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: sizes.reduce(1, *))
          try reader.read(path, in: section, sizes: sizes, into: values)
          list.append(.init(path: path, sizes: sizes, values: UnsafeBufferPointer(values)))
        }
        tensors[section] = list
      }
    } catch {
      Console.fail("\(error)")
    }
    let plain = [UInt8](repeating: 0x5A, count: 1 << 20)
    let best = Rounds.fastest(
      seconds: 0,
      [
        {
          measured { PlainFile.write(plain, byteCount: checkpointBytes, to: "\(folder)/plain") }
        },
        { measured { written(tensors, reader.document) } },
      ])
    let writings = best.map { Writing(seconds: $0[0], processorSeconds: $0[1]) }
    return (writings[1], writings[0])
  }

  /// - Returns: what the body says that it took, and the processor time.
  private func measured(_ body: () -> Double) -> [Double] {
    var seconds = 0.0
    let processorSeconds = Rounds.processorSeconds { seconds = body() }
    return [seconds, processorSeconds]
  }

  /// Seconds that one processor needs for the longer one of a checkpoint's digests, over the
  /// moments: two thirds of the file, a sum that cannot be parted.
  func longestDigest() -> Double {
    let block = [UInt8](repeating: 0x5A, count: 1 << 18)
    return Rounds.fastest(
      seconds: 0,
      [
        {
          var hash = SHA256()
          let seconds = Rounds.seconds {
            for _ in 0..<checkpointBytes / 3 * 2 / block.count { hash.update(block) }
          }
          _ = hash.finalize()
          return [seconds]
        }
      ])[0][0]
  }

  private func written(
    _ tensors: [CheckpointSection: [CheckpointTensor]], _ document: CheckpointDocument
  ) -> Double {
    let path = "\(folder)/written.h5"
    defer { unlink(path) }
    return Rounds.seconds {
      do throws(CheckpointError) {
        try CheckpointWriter.write(
          to: path, document: document, parameters: tensors[.parameters] ?? [],
          firstMoments: tensors[.firstMoments] ?? [],
          secondMoments: tensors[.secondMoments] ?? [])
      } catch {
        Console.fail("\(error)")
      }
    }
  }

  /// Seconds from nothing to where the first step would begin, and for reading the file once.
  ///
  /// - Parameter isCached: whether the system has the file in memory each time, or never.
  func start(isCached: Bool) async -> (start: Double, reading: Double) {
    var (start, reading) = (Double.infinity, Double.infinity)
    for _ in 0..<3 {
      PlainFile.prepare(checkpoint, isCached: isCached)
      reading = min(reading, PlainFile.read(checkpoint))
      PlainFile.prepare(checkpoint, isCached: isCached)
      let before = Rounds.nanoseconds()
      do throws(ModelError) {
        // A signal that is there already ends the run when its first step would begin.
        let trainer = try Trainer(
          longer, root: folder, resume: .auto, stopSignal: { SIGTERM }, report: { _ in })
        _ = try await trainer.run()
      } catch {
        Console.fail("\(error)")
      }
      start = min(start, Double(Rounds.nanoseconds() - before) * 1e-9)
    }
    return (start, reading)
  }
}

/// Takes the time of a run's steps.
private final class StepClock {
  var trainer: Trainer?
  private var last = Rounds.nanoseconds()
  private var alone: [Double] = []
  private var beside: [Double] = []

  func note(_ event: TrainingEvent) {
    guard case .step(let figures) = event else { return }
    let now = Rounds.nanoseconds()
    defer { last = now }
    // The first step finds nothing warm.
    guard figures.step > 1, let trainer else { return }
    let seconds = Double(now - last) * 1e-9
    if trainer.isSaving { beside.append(seconds) } else { alone.append(seconds) }
  }

  func summary(of trainer: Trainer, checkpoints: Int) -> CheckpointRun.Steps {
    func mean(_ values: [Double]) -> Double {
      values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
    }
    return CheckpointRun.Steps(
      alone: mean(alone), beside: mean(beside),
      stallSeconds: trainer.savingSeconds / Double(checkpoints),
      longestStallSeconds: trainer.longestStallSeconds,
      copiedBytes: trainer.copiedBytesMaximum)
  }
}

/// Files as the system reads and writes them, without anything of ours.
enum PlainFile {
  /// Seconds for writing and flushing, as `dd bs=1M conv=fsync` does.
  static func write(_ block: [UInt8], byteCount: Int, to path: String) -> Double {
    defer { unlink(path) }
    return Rounds.seconds {
      let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
      defer { close(file) }
      var rest = byteCount
      while rest > 0 {
        let count = Glibc.write(file, block, min(rest, block.count))
        guard count > 0 else { Console.fail("\(path): \(String(cString: strerror(errno)))") }
        rest -= count
      }
      guard fsync(file) == 0 else { Console.fail("\(path): it cannot be flushed.") }
    }
  }

  /// Seconds for reading a file once.
  static func read(_ path: String) -> Double {
    var block = [UInt8](repeating: 0, count: 1 << 20)
    return Rounds.seconds {
      let file = open(path, O_RDONLY)
      defer { close(file) }
      while Glibc.read(file, &block, block.count) > 0 {}
    }
  }

  /// Brings a file into the system's memory or out of it.
  static func prepare(_ path: String, isCached: Bool) {
    if isCached {
      _ = read(path)
      return
    }
    let file = open(path, O_RDONLY)
    defer { close(file) }
    fsync(file)
    posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED)
  }
}
