internal import CPUDevice
internal import Checkpoints
internal import DurableFiles
internal import Glibc

/// A checkpoint that is written while training goes on.
///
/// Two threads work for it: one writes, reads back and publishes; the other makes copies of what
/// the next update would change, shortly before that update is expected.
final class CheckpointInFlight {
  /// Writing stands back where the training threads want the processor.
  static let writerNiceness: Int32 = 10
  /// What is written beside steps that use all processors.
  static let writtenBytesPerSecond = 0.2e9
  /// What copying takes beside steps that use all processors, a fifth of what it takes alone.
  private static let copiedBytesPerSecond = 0.5e9

  let path: String
  let step: Int
  private let snapshot: RunSnapshot
  private let writer: BackgroundWork<Outcome>
  private let copier: BackgroundWork<Void>

  /// How the writing went.
  private struct Outcome: Sendable {
    var error: ModelError?
    var logError: LogError?
  }

  /// - Parameters:
  ///   - rows: of the log, made durable before the checkpoint says that their steps are done.
  ///   - secondsToUpdate: from now to when the snapshot's memory changes, as far as is known;
  ///     infinite where it does not.
  init(
    _ snapshot: RunSnapshot, document: CheckpointDocument, step: Int, isBest: Bool, keep: Int,
    in folder: CheckpointFolder, rows: LogRows, secondsToUpdate: Double
  ) {
    let path = folder.path(ofStep: step)
    self.path = path
    self.step = step
    self.snapshot = snapshot
    writer = BackgroundWork(niceness: Self.writerNiceness) {
      defer { snapshot.arenas.abandon() }
      let logError = rows.makeDurable()
      do throws(ModelError) {
        try Self.write(snapshot, document: document, to: path)
        do throws(FileError) {
          try folder.adopt(step: step, isBest: isBest, keep: keep)
        } catch {
          throw .file(error)
        }
        return Outcome(error: nil, logError: logError)
      } catch {
        return Outcome(error: error, logError: logError)
      }
    }
    let start = ContinuousClock.now
    copier = BackgroundWork {
      while true {
        let unread = Double(snapshot.arenas.unreadBytes)
        if unread == 0 { return }
        let seconds = unread / Self.copiedBytesPerSecond
        if (ContinuousClock.now - start).seconds + seconds >= secondsToUpdate { break }
        usleep(10_000)
      }
      snapshot.arenas.settle()
    }
  }

  private static func write(
    _ snapshot: RunSnapshot, document: CheckpointDocument, to path: String
  ) throws(ModelError) {
    do throws(CheckpointError) {
      try CheckpointWriter.write(
        to: path, document: document, parameters: snapshot.tensors(in: .parameters),
        firstMoments: snapshot.tensors(in: .firstMoments),
        secondMoments: snapshot.tensors(in: .secondMoments),
        weights: snapshot.tensors(in: .weights))
    } catch {
      throw .checkpoint(error)
    }
  }

  var isFinished: Bool { writer.isFinished }

  /// Before the memory of the snapshot changes: copies what is neither written nor copied yet.
  func settle(on threads: ThreadPool) { snapshot.arenas.settle(on: threads) }

  /// Waits for the checkpoint. - Throws: why there is none, or older ones could not be deleted.
  func wait() throws(ModelError) {
    if let error = writer.wait().error { throw error }
  }

  /// After `wait`: why the log's rows may be lost by a power cut.
  var logError: LogError? { writer.wait().logError }
}
