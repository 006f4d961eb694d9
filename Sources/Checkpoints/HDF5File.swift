internal import CHDF5
internal import Synchronization

/// A failed call of the HDF5 library.
struct HDF5Failure: Error {
  let call: String
}

/// One open HDF5 file: groups, chunked datasets with Fletcher32, scalar attributes.
///
/// The library is not safe to call from two threads everywhere, so every use of it, the last
/// release of this object included, happens inside `HDF5.locked`.
final class HDF5File {
  let id: hid_t

  enum Mode {
    case create
    case read
  }

  init(_ path: String, _ mode: Mode) throws(HDF5Failure) {
    let access = try HDF5.checked(H5Pcreate(dq_h5_file_access()), "H5Pcreate")
    defer { H5Pclose(access) }
    // Checksummed metadata: superblock 2 and version 2 headers.
    H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V110)
    switch mode {
    case .create:
      id = try HDF5.checked(H5Fcreate(path, dq_h5_truncate(), 0, access), "H5Fcreate")
    case .read:
      id = try HDF5.checked(H5Fopen(path, dq_h5_read_only(), access), "H5Fopen")
    }
  }

  deinit {
    H5Fclose(id)
  }

  /// Takes the error of the last writes, which `deinit` could not report.
  func flush() throws(HDF5Failure) {
    guard H5Fflush(id, H5F_SCOPE_GLOBAL) >= 0 else { throw HDF5Failure(call: "H5Fflush") }
  }
}

/// The library itself: set up once, one caller at a time.
enum HDF5 {
  private static let lock = Mutex(false)

  /// Runs `body` with the library set up and to itself.
  static func locked<Result>(_ body: () throws(CheckpointError) -> Result) throws(CheckpointError)
    -> Result
  {
    var result: Swift.Result<Result, CheckpointError>?
    lock.withLock { isReady in
      if !isReady {
        H5open()
        // Errors come back as ours; plugins would be code loaded because a file asks for it.
        H5Eset_auto2(0, nil, nil)
        H5PLset_loading_state(0)
        isReady = true
      }
      do throws(CheckpointError) { result = .success(try body()) } catch {
        result = .failure(error)
      }
    }
    guard let result else { preconditionFailure("The lock runs its body.") }
    return try result.get()
  }

  /// Closes a file with the library to itself.
  static func release(_ file: inout HDF5File?) {
    lock.withLock { _ in file = nil }
  }

  static func checked(_ id: hid_t, _ call: String) throws(HDF5Failure) -> hid_t {
    guard id >= 0 else { throw HDF5Failure(call: call) }
    return id
  }
}

/// An attribute's value.
public enum RunValue: Hashable, Sendable {
  case integer(Int64)
  case real(Double)
  case text(String)
}
