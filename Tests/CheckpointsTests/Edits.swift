import CHDF5
import Testing

@testable import Checkpoints

struct EditFailure: Error {}

/// HDF5's H5F_ACC_RDWR, a macro that Swift does not see.
private let readAndWrite: UInt32 = 1

/// Changes an HDF5 file with the library itself, so that all its own checksums are right.
func edit(_ path: String, _ body: (hid_t) throws -> Void) throws {
  try HDF5.locked { () throws(any Error) in
    let access = H5Pcreate(dq_h5_file_access())
    H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110)
    defer { H5Pclose(access) }
    let file = H5Fopen(path, readAndWrite, access)
    guard file >= 0 else { throw EditFailure() }
    defer { H5Fclose(file) }
    try body(file)
  }
}

/// Gives an object another value of an attribute, of another type perhaps.
func replaceAttribute(_ name: String, of object: hid_t, with value: RunValue) {
  if H5Aexists(object, name) > 0 { H5Adelete(object, name) }
  let space = H5Screate(H5S_SCALAR)
  defer { H5Sclose(space) }
  var (type, bytes): (hid_t, [UInt8]) =
    switch value {
    case .integer(let number):
      (H5Tcopy(dq_h5_file_int64()), withUnsafeBytes(of: number.littleEndian) { Array($0) })
    case .real(let number):
      (H5Tcopy(dq_h5_file_double()), withUnsafeBytes(of: number) { Array($0) })
    case .text(let text): (H5Tcopy(dq_h5_c_string()), Array(text.utf8) + [0])
    }
  defer { H5Tclose(type) }
  if case .text = value {
    H5Tset_size(type, bytes.count)
    H5Tset_cset(type, H5T_CSET_UTF8)
  }
  let attribute = H5Acreate2(object, name, type, space, 0, 0)
  defer { H5Aclose(attribute) }
  #expect(H5Awrite(attribute, type, &bytes) >= 0)
}

func replaceAttribute(_ name: String, of path: String, with value: RunValue) throws {
  try edit(path) { replaceAttribute(name, of: $0, with: value) }
}

/// What is put in the place of a dataset.
struct Replacement {
  var sizes: [hsize_t] = [8]
  var chunk: [hsize_t]? = [8]
  var type: () -> hid_t = { dq_h5_file_float() }
  /// Filters, layouts and the like.
  var prepare: (hid_t) -> Void = { _ in }
  var isChecked = true

  /// Deletes the dataset and makes another one of its name.
  func put(at path: String, in file: hid_t) {
    #expect(H5Ldelete(file, path, 0) >= 0)
    var sizes = sizes
    let space = H5Screate_simple(Int32(sizes.count), &sizes, nil)
    defer { H5Sclose(space) }
    let creation = H5Pcreate(dq_h5_dataset_create())
    defer { H5Pclose(creation) }
    if var chunk { H5Pset_chunk(creation, Int32(sizes.count), &chunk) }
    prepare(creation)
    if isChecked { H5Pset_fletcher32(creation) }
    let dataset = H5Dcreate2(file, path, type(), space, 0, creation, 0)
    #expect(dataset >= 0)
    H5Dclose(dataset)
  }

  /// The same, with values in it.
  func put(_ values: [Float], at path: String, in file: hid_t) {
    put(at: path, in: file)
    let dataset = H5Dopen2(file, path, 0)
    defer { H5Dclose(dataset) }
    #expect(H5Dwrite(dataset, dq_h5_native_float(), 0, 0, 0, values) >= 0)
  }
}
