internal import CHDF5

/// One open HDF5 file: groups, chunked datasets with Fletcher32, scalar attributes.
///
/// The library is not safe to call from two threads everywhere, so every use of it, the last
/// release of this object included, happens inside `HDF5.locked`.
///
/// Safety of `@unchecked Sendable`: for the same reason what changes, `isOpen` and `groups`, is
/// seen by one thread at a time.
final class HDF5File: @unchecked Sendable {
  let id: hid_t
  /// The size of a file that is read: no member of it can be larger.
  let byteCount: Int
  /// What a file that is read can be read by besides, without the library; negative without one.
  let descriptor: Int32
  private var isOpen = true
  var groups: Set<String> = []

  enum Mode {
    case create
    case read
  }

  init(_ path: String, _ mode: Mode) throws(HDF5Failure) {
    let access = try HDF5.checked(H5Pcreate(dq_h5_file_access()), "H5Pcreate")
    defer { H5Pclose(access) }
    // Files are never changed once they have their name, so locks guard nothing; and file systems
    // without locks would refuse to open them.
    try HDF5.check(H5Pset_file_locking(access, false, true), "H5Pset_file_locking")
    switch mode {
    case .create:
      // The format of HDF5 1.10: superblock 3, all metadata with checksums, chunk indexes included.
      try HDF5.check(
        H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110), "H5Pset_libver_bounds")
      // Allocating ahead would leave bytes that belong to nothing, where damage goes unnoticed.
      try HDF5.check(H5Pset_meta_block_size(access, 0), "H5Pset_meta_block_size")
      try HDF5.check(H5Pset_small_data_block_size(access, 0), "H5Pset_small_data_block_size")
      let creation = try HDF5.checked(H5Pcreate(dq_h5_file_create()), "H5Pcreate")
      defer { H5Pclose(creation) }
      // The same contents give the same bytes, whenever they are written.
      try HDF5.check(H5Pset_obj_track_times(creation, false), "H5Pset_obj_track_times")
      id = try HDF5.checked(H5Fcreate(path, dq_h5_truncate(), creation, access), "H5Fcreate")
      (byteCount, descriptor) = (0, -1)
    case .read:
      id = try HDF5.checked(H5Fopen(path, dq_h5_read_only(), access), "H5Fopen")
      var size: hsize_t = 0
      let status = H5Fget_filesize(id, &size)
      byteCount = status >= 0 ? Int(clamping: size) : 0
      descriptor = dq_h5_descriptor(id)
    }
  }

  deinit {
    if isOpen { H5Fclose(id) }
  }

  /// Closes the file and takes the error of the last writes, which `deinit` could not report.
  func close() throws(HDF5Failure) {
    try HDF5.check(H5Fflush(id, H5F_SCOPE_GLOBAL), "H5Fflush")
    isOpen = false
    try HDF5.check(H5Fclose(id), "H5Fclose")
  }

  /// Whether something has this path.
  ///
  /// - Throws: `forbidden` where a link on the way is not a plain one, which could lead to another
  ///   place or another file.
  func contains(_ member: String, in file: String) throws(CheckpointError) -> Bool {
    var way = ""
    for component in member.split(separator: "/") {
      way += way.isEmpty ? String(component) : "/\(component)"
      guard H5Lexists(id, way, 0) > 0 else { return false }
      guard dq_h5_link_is_hard(id, way) == 1 else {
        throw .forbidden(path: file, member: way, problem: "is a link that leads elsewhere")
      }
    }
    return true
  }
}
