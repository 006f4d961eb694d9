internal import CPUDevice
internal import DurableFiles
internal import Synchronization

/// Takes memory for copies before the first checkpoint needs it, beside the steps.
///
/// Where the system gives memory slowly, as in a virtual machine that gives it back when it is
/// free, an update would wait seconds for it.
final class RoomFilling {
  private final class Order: Sendable {
    let isStopped = Atomic(false)
  }

  private let order = Order()
  private let work: BackgroundWork<Void>

  init(_ room: SnapshotRoom) {
    let order = order
    work = BackgroundWork(niceness: CheckpointInFlight.writerNiceness) {
      for part in 0..<room.partCount where !order.isStopped.load(ordering: .relaxed) {
        room.fill(part: part)
      }
    }
  }

  deinit {
    order.isStopped.store(true, ordering: .relaxed)
  }
}
