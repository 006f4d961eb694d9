internal import CHDF5
internal import Glibc
internal import Synchronization

/// The library itself: set up once, one caller at a time.
enum HDF5 {
  private static let lock = Mutex(false)
  /// The thread inside the lock, or 0.
  private static let owner = Atomic<UInt>(0)

  /// Runs `body` with the library set up and to itself; a caller that has it keeps it.
  static func locked<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    // Only this thread can have put its own number there.
    let thread = UInt(pthread_self())
    if owner.load(ordering: .relaxed) == thread { return try body() }
    var result: Swift.Result<Result, Failure>?
    lock.withLock { isReady in
      owner.store(thread, ordering: .relaxed)
      defer { owner.store(0, ordering: .relaxed) }
      if !isReady {
        // A file that could not be closed on a full disk would be tried again at exit.
        H5dont_atexit()
        H5open()
        // Plugins would be code that is loaded because a file asks for it.
        H5PLset_loading_state(0)
        isReady = true
      }
      // Errors come back as ours. The setting belongs to the thread.
      H5Eset_auto2(0, nil, nil)
      do throws(Failure) { result = .success(try body()) } catch { result = .failure(error) }
    }
    guard let result else { preconditionFailure("The lock runs its body.") }
    return try result.get()
  }

  /// Closes a file with the library to itself.
  static func release(_ file: inout HDF5File?) {
    locked { file = nil }
  }

  static func checked(_ id: hid_t, _ call: String) throws(HDF5Failure) -> hid_t {
    guard id >= 0 else { throw HDF5Failure(call: call) }
    return id
  }

  static func check(_ status: herr_t, _ call: String) throws(HDF5Failure) {
    guard status >= 0 else { throw HDF5Failure(call: call) }
  }
}

/// A failed call of the HDF5 library, or a value that is not of the kind that was asked for.
struct HDF5Failure: Error {
  let problem: String
  /// The system's `errno`, or 0 where the system was not the reason.
  let systemCode: Int32

  /// Reads the library's error stack; to be made before the next call.
  init(call: String) {
    let error = dq_h5_last_error()
    let message = withUnsafeBytes(of: error.message) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    problem = message.isEmpty ? "\(call) failed" : "\(call): \(message)"
    systemCode = error.system_code
  }

  init(problem: String) {
    self.problem = problem
    systemCode = 0
  }
}
