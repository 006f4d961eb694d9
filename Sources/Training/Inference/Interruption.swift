extension StopSignals {
  /// Ends work that can be ended anywhere, as nothing of it is published before its end.
  ///
  /// - Throws: `ModelError.interrupted` when a signal asked for it.
  static func check() throws(ModelError) {
    if let signal = pending { throw .interrupted(signal: signal) }
  }
}
