public import DurableFiles

/// How far the making of embeddings is.
public struct CachingProgress: Sendable, Equatable {
  public let done: Int
  public let total: Int
  /// Whether files have what was encoded last, or found.
  public let isKept: Bool
}

/// Where the makers of embeddings say what happens meanwhile.
public struct CachingListener {
  /// Is told why the work waits.
  let tell: (String) -> Void
  /// Is told why what is encoded cannot be kept, as soon as that is known; of every shard anew.
  let refuse: (FileError) -> Void

  public init(tell: @escaping (String) -> Void, refuse: @escaping (FileError) -> Void) {
    self.tell = tell
    self.refuse = refuse
  }
}
