/// A place in the sequence of all epochs: how many positions of which epoch were consumed.
///
/// A batch starts at one cursor and ends at another; a run that keeps the last batch's
/// `cursorAfter` goes on with exactly the batches that would have followed.
public struct DataCursor: Hashable, Sendable {
  /// Counts from 0.
  public let epoch: Int
  /// Positions of the epoch's order consumed so far, damaged pairs included.
  public let position: Int

  public init(epoch: Int = 0, position: Int = 0) {
    precondition(epoch >= 0 && position >= 0, "a cursor has no place \(epoch), \(position)")
    self.epoch = epoch
    self.position = position
  }

  /// The start of the first epoch.
  public static let start = DataCursor()
}
