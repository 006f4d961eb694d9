internal import Autodiff
internal import CPUDevice
internal import Checkpoints
internal import DurableFiles
internal import Glibc
internal import PairData

/// One run of a recipe: from where its checkpoints stand to the recipe's length.
///
///     let trainer = try Trainer(recipe, root: ".", resume: .auto) { event in … }
///     let outcome = try await trainer.run()
///
/// A run that was stopped anywhere and goes on from a checkpoint leaves the same bits as one that
/// was not: parameters, moments, counters, and the figures in its log.
public final class Trainer {
  let preparation: RunPreparation
  let optimizer: AdamWUpdate
  /// What is validated and saved as the model, where the recipe asks for it.
  let average: WeightAverage?
  /// Where the run leaves things; nothing where it has ended elsewhere and leaves none here.
  private(set) var checkpoints: CheckpointFolder?
  private(set) var logs: RunLogs?
  let schedule: LearningRateSchedule
  let stopSignal: () -> Int32?
  let report: (TrainingEvent) -> Void
  var state: RunState
  /// The checkpoint that is being written.
  var saving: CheckpointInFlight?
  /// What it copies, and the next one after it.
  lazy var snapshotRoom = SnapshotRoom(
    arenas: RunSnapshot.arenaLengths(parameters.layout, hasAverage: average != nil))
  /// How long steps have stood still for checkpoints so far.
  package var savingSeconds = 0.0
  /// The longest of these times.
  package var longestStallSeconds = 0.0
  /// The most memory that copies for a checkpoint took.
  package var copiedBytesMaximum: Int { snapshotRoom.touchedBytes }
  var roomFilling: RoomFilling?
  /// What the gradients of the last step took.
  var gradientSeconds = 0.0
  var validator: Validator?
  /// What a locked image tower makes of the training pictures, a table for each view.
  var imageEmbeddings: [PictureEmbeddings] = []
  /// The teacher's, where pictures are the same in every step.
  var teacherFeatures: PictureEmbeddings?
  /// What a locked text tower makes of the training captions.
  var captionEmbeddings: CaptionEmbeddings?
  /// Whether something was encoded, or found, that cache files keep.
  var keepsEncodings = false
  /// Where steps spend their time, if that is measured.
  var profile: StepProfile?

  var recipe: Recipe { preparation.recipe }
  var parameters: CPUParameters { preparation.loaded.parameters }

  /// Opens everything that the recipe names and takes the run's folders.
  ///
  /// - Parameters:
  ///   - root: where `checkpoints/` and `logs/` lie.
  ///   - prober: the program that reads checkpoints from elsewhere before this process does,
  ///     called with `probe-hdf5 FILE`; without one they are read here at once.
  ///   - stopSignal: the signal that asked for a stop, once there is one; read between batches.
  ///   - report: is told what happens, from here on.
  /// - Throws: ``ModelError``. What is wrong with recipe, model or data is found before anything
  ///   is changed, but for leftovers of a killed run, which are swept away. When a file cannot be
  ///   moved after that, some of what was to be set aside may be in `old-1` already; nothing is
  ///   lost.
  public init(
    _ recipe: Recipe, root: String, resume: ResumeMode, prober: String? = nil,
    stopSignal: @escaping () -> Int32? = { StopSignals.pending },
    report: @escaping (TrainingEvent) -> Void
  ) throws(ModelError) {
    self.stopSignal = stopSignal
    self.report = report
    let folders = RunFolders(root: root, run: recipe.run)
    // Before anything is read from the folder, so that no other process can move on meanwhile.
    let held = try Trainer.hold(folders, root: root, run: recipe.run)
    let start = try RunStart(recipe, resume, in: folders.checkpoints, prober: prober)
    (preparation, optimizer, average) = (start.preparation, start.optimizer, start.average)
    state = start.state
    schedule = preparation.schedule
    var notes = start.notes
    if let note = Self.adapt(&state, to: preparation, start.changes) { notes.append(note) }
    if held == nil, isOver { return }
    notes += try take(folders, held, from: start.point)
    notes += start.changes.filter { $0.key != "run" }.map { "Changed: \($0)" }
    beginLogs(in: folders, saying: notes)
  }

  /// Takes the run's folders and sets aside what does not belong to it any more.
  ///
  /// - Parameter held: the one of its checkpoints, where there was one.
  /// - Returns: what to tell the user.
  private func take(
    _ folders: RunFolders, _ held: CheckpointFolder?, from point: ResumePoint?
  ) throws(ModelError) -> [String] {
    var notes: [String] = []
    do throws(FileError) {
      let checkpoints: CheckpointFolder
      if let held {
        checkpoints = held
      } else {
        checkpoints = try CheckpointFolder(root: folders.root, run: folders.run)
        guard CheckpointFolder.steps(in: checkpoints.path).isEmpty else {
          throw FileError(
            .lock, path: checkpoints.path, code: EWOULDBLOCK,
            problem: "another process has begun this run meanwhile")
        }
      }
      self.checkpoints = checkpoints
      try Folder.create(folders.logs)
      if let point {
        let (step, bestStep) = (point.state.step, point.state.bestStep)
        if let target = try checkpoints.rewind(to: step, bestStep: bestStep) {
          notes.append("Set aside the checkpoints after step \(step): \(target)")
        }
        notes.append("Going on after step \(state.step) from \(point.reader.path)")
      } else {
        for target in [try checkpoints.setAside(), try folders.setLogsAside()] {
          if let target { notes.append("Set aside what an earlier run left: \(target)") }
        }
      }
    } catch {
      throw .file(error)
    }
    return notes
  }

  /// Opens the logs and notes what the run goes on with from here.
  private func beginLogs(in folders: RunFolders, saying notes: [String]) {
    let logs = RunLogs(folder: folders.logs, recipe: recipe, afterStep: state.step) {
      [report] in report(.note($0))
    }
    self.logs = logs
    for note in notes { tell(note) }
    let environment = preparation.environment(afterStep: state.step)
    if let note = logs.write(environment, folder: folders.logs) { warn(note) }
  }

  /// Makes a checkpoint's state that of a recipe which measures or stops in another way by now.
  ///
  /// - Returns: what to tell the user.
  static func adapt(
    _ state: inout RunState, to preparation: RunPreparation, _ changes: [RecipeDifference]
  ) -> String? {
    let note = adaptValidation(of: &state, preparation, changes)
    state.stop(afterWorse: preparation.recipe.validation?.stopAfterWorse)
    return note
  }

  /// Makes the state's best validation one that later ones can be compared with.
  ///
  /// - Returns: what to tell the user where it could not.
  private static func adaptValidation(
    of state: inout RunState, _ preparation: RunPreparation, _ changes: [RecipeDifference]
  ) -> String? {
    let fingerprint = preparation.validationPairs?.fingerprint ?? ""
    let isSame =
      state.validationFingerprint == fingerprint && !changes.contains(where: \.changesBest)
    let best = state.bestValue == nil ? nil : state.bestStep
    state.validationFingerprint = fingerprint
    guard !isSame, let best else { return nil }
    state.forgetBest()
    return "Forgot the best validation, after step \(best): it was measured by another figure or "
      + "on other pairs. The next one is the best anew; until then `best.h5` leads where it led"
  }

  /// The run's folder where there is one: a refused recipe must not leave a new folder behind.
  private static func hold(
    _ folders: RunFolders, root: String, run: String
  ) throws(ModelError) -> CheckpointFolder? {
    guard Folder.exists(folders.checkpoints) else { return nil }
    do throws(FileError) {
      return try CheckpointFolder(root: root, run: run)
    } catch {
      throw .file(error)
    }
  }

  /// Trains until the recipe's length, an early stop or a signal.
  ///
  /// - Throws: ``ModelError``; what was published stays.
  public func run() async throws(ModelError) -> TrainingOutcome {
    guard !isOver else {
      tell("The run has ended already, after step \(state.step)")
      return outcome
    }
    tell(preparation.summary)
    for note in preparation.notes { warn(note) }
    do throws(ModelError) {
      try await takeSteps()
      try finishSaving()
    } catch {
      guard case .interrupted(let signal) = error else {
        if state.validationIsDue { saveBeforeFailing() } else { finishSavingBeforeFailing() }
        throw error
      }
      try saveWhereMissing()
      tell("Stopped by signal \(signal) \(stopNote)")
      if state.step == 0 { checkpoints?.removeIfUnused() }
      return .interrupted(signal: signal, step: state.step)
    }
    tell(endNote)
    return outcome
  }

  /// - Throws: `ModelError.interrupted` where a signal asked for a stop.
  private func takeSteps() async throws(ModelError) {
    try await prepareEmbeddings()
    if state.validationIsDue { try await validateAndSaveWhereDue() }
    let prefetcher = try makePrefetcher()
    var stepStart = ContinuousClock.now
    while !hasEnded {
      if let signal = stopSignal() { throw .interrupted(signal: signal) }
      let loadStart = ContinuousClock.now
      let batch = try await prefetcher.nextBatch()
      let waitSeconds = (ContinuousClock.now - loadStart).seconds
      profile?.add("waiting for data", seconds: waitSeconds)
      let update = try learn(from: batch)
      note(batch.damaged)
      state.damagedPairs = PairNumbers(await prefetcher.damaged.map(\.pair))
      let seconds = max((ContinuousClock.now - stepStart).seconds, 1e-9)
      measured("logging") {
        log(update, of: batch, seconds: seconds, waitSeconds: waitSeconds)
      }
      try requireFinite(update, of: batch)
      profile?.endStep(
        pairs: batch.count, seconds: (ContinuousClock.now - stepStart).seconds)
      try noteSaved()
      try await validateAndSaveWhereDue()
      stepStart = ContinuousClock.now
    }
  }

  /// Whether nothing is left to do.
  private var isOver: Bool { state.isOver(totalSteps: preparation.totalSteps) }

  /// Whether no step is left to take.
  private var hasEnded: Bool { state.hasEnded(totalSteps: preparation.totalSteps) }

  private var outcome: TrainingOutcome {
    state.isStopped
      ? .stoppedEarly(step: state.step, bestStep: state.bestStep) : .finished(steps: state.step)
  }

  private var stopNote: String {
    if state.step > 0 { return "after step \(state.step); everything is saved" }
    return "before the first step; "
      + (keepsEncodings
        ? "no step is to save, and the cache keeps what was encoded" : "nothing is to save")
  }

  private var endNote: String {
    state.isStopped
      ? "Stopped early after step \(state.step): the best validation was after step "
        + "\(state.bestStep)"
      : "Finished after step \(state.step)"
  }

  /// Says something to the caller and to `run.log`.
  func tell(_ text: String) {
    logs?.note(text)
    report(.note(text))
  }

  /// Says something that should not be, to the caller and to `run.log`.
  func warn(_ text: String) {
    logs?.warn(text)
    report(.note(text))
  }

  private func note(_ damaged: [DamagedPair]) {
    for pair in damaged { warn("Skipped a damaged pair. \(pair)") }
  }
}

extension Swift.Duration {
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}

extension Prefetcher {
  fileprivate nonisolated(nonsending) func nextBatch() async throws(ModelError) -> PairBatch {
    do throws(PairDataError) {
      return try await next()
    } catch {
      throw .data(error)
    }
  }
}
