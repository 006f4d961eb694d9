internal import CHDF5

/// An attribute's value.
public enum RunValue: Hashable, Sendable {
  case integer(Int64)
  case real(Double)
  /// At most 32 KiB of UTF-8 without a zero byte.
  case text(String)
}

extension HDF5File {
  private static let textLimit = 32 << 10

  /// Writes an attribute of a group or dataset.
  func setAttribute(_ name: String, of object: hid_t, to value: RunValue) throws(HDF5Failure) {
    let space = try HDF5.checked(H5Screate(H5S_SCALAR), "H5Screate")
    defer { H5Sclose(space) }
    switch value {
    case .integer(var number):
      try write(name, object, space, dq_h5_file_int64(), dq_h5_native_int64(), &number)
    case .real(var number):
      try write(name, object, space, dq_h5_file_double(), dq_h5_native_double(), &number)
    case .text(let text):
      var bytes = Array(text.utf8)
      precondition(
        bytes.count <= HDF5File.textLimit && !bytes.contains(0),
        "\(name): an attribute's text has at most \(HDF5File.textLimit) bytes and none is zero.")
      bytes.append(0)
      let type = try HDF5.checked(H5Tcopy(dq_h5_c_string()), "H5Tcopy")
      defer { H5Tclose(type) }
      try HDF5.check(H5Tset_size(type, bytes.count), "H5Tset_size")
      try HDF5.check(H5Tset_cset(type, H5T_CSET_UTF8), "H5Tset_cset")
      try write(name, object, space, type, type, &bytes)
    }
  }

  private func write(
    _ name: String, _ object: hid_t, _ space: hid_t, _ fileType: hid_t, _ memoryType: hid_t,
    _ value: UnsafeRawPointer
  ) throws(HDF5Failure) {
    let attribute = try HDF5.checked(
      H5Acreate2(object, name, fileType, space, 0, 0), "H5Acreate2")
    defer { H5Aclose(attribute) }
    try HDF5.check(H5Awrite(attribute, memoryType, value), "H5Awrite")
  }

  /// An attribute's value, or `nil` where there is none of that name.
  func attribute(_ name: String, of object: hid_t) throws(HDF5Failure) -> RunValue? {
    guard H5Aexists(object, name) > 0 else { return nil }
    let attribute = try HDF5.checked(H5Aopen(object, name, 0), "H5Aopen")
    defer { H5Aclose(attribute) }
    let type = try HDF5.checked(H5Aget_type(attribute), "H5Aget_type")
    defer { H5Tclose(type) }
    let space = try HDF5.checked(H5Aget_space(attribute), "H5Aget_space")
    defer { H5Sclose(space) }
    guard H5Sget_simple_extent_npoints(space) == 1 else {
      throw HDF5Failure(problem: "\(name) has several values")
    }
    switch H5Tget_class(type) {
    case H5T_INTEGER where H5Tequal(type, dq_h5_file_int64()) > 0:
      var number: Int64 = 0
      try read(attribute, dq_h5_native_int64(), &number)
      return .integer(number)
    case H5T_FLOAT where H5Tequal(type, dq_h5_file_double()) > 0:
      var number = 0.0
      try read(attribute, dq_h5_native_double(), &number)
      return .real(number)
    case H5T_STRING:
      let size = H5Tget_size(type)
      guard H5Tis_variable_str(type) == 0, size <= HDF5File.textLimit + 1 else {
        throw HDF5Failure(problem: "\(name) is a text of \(size) bytes")
      }
      var bytes = [UInt8](repeating: 0, count: size + 1)
      try read(attribute, type, &bytes)
      return .text(String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self))
    default:
      throw HDF5Failure(problem: "\(name) is of another type")
    }
  }

  private func read(
    _ attribute: hid_t, _ type: hid_t, _ target: UnsafeMutableRawPointer
  ) throws(HDF5Failure) {
    try HDF5.check(H5Aread(attribute, type, target), "H5Aread")
  }

  /// All attributes of an object, in the order of their names' bytes.
  func attributes(of object: hid_t) throws(HDF5Failure) -> [(name: String, value: RunValue)] {
    var names: [String] = []
    var index: hsize_t = 0
    let status = withUnsafeMutablePointer(to: &names) { names in
      H5Aiterate2(
        object, H5_INDEX_NAME, H5_ITER_INC, &index,
        { _, name, _, context in
          guard let name, let context else { return -1 }
          context.assumingMemoryBound(to: [String].self).pointee.append(String(cString: name))
          return 0
        }, names)
    }
    try HDF5.check(status, "H5Aiterate2")
    var result: [(name: String, value: RunValue)] = []
    for name in names.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
      if let value = try attribute(name, of: object) { result.append((name, value)) }
    }
    return result
  }
}
