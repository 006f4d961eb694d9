internal import CHDF5

/// What a dataset holds.
enum ElementKind {
  case float
  case byte

  var fileType: hid_t { self == .float ? dq_h5_file_float() : dq_h5_file_byte() }
  var nativeType: hid_t { self == .float ? dq_h5_native_float() : dq_h5_native_byte() }
  var byteCount: Int { self == .float ? 4 : 1 }
}

extension HDF5File {
  /// Chunks of about this many bytes: whole leading rows, so that a reader of rows reads no more.
  private static let chunkBytes = 4 << 20

  /// Creates a chunked dataset with Fletcher32, groups on its way included, and writes it.
  ///
  /// - Parameter sizes: a scalar is stored with one element in one dimension and an attribute
  ///   `scalar`, because HDF5 does not chunk scalars; an empty value likewise has no storage.
  /// - Returns: the dataset, to be closed with `H5Dclose`.
  func createDataset(
    _ path: String, _ kind: ElementKind, sizes: [Int], _ values: UnsafeRawPointer?
  ) throws(HDF5Failure) -> hid_t {
    var dimensions = (sizes.isEmpty ? [1] : sizes).map { hsize_t($0) }
    let space = try HDF5.checked(
      H5Screate_simple(Int32(dimensions.count), &dimensions, nil), "H5Screate_simple")
    defer { H5Sclose(space) }
    let creation = try HDF5.checked(H5Pcreate(dq_h5_dataset_create()), "H5Pcreate")
    defer { H5Pclose(creation) }
    H5Pset_obj_track_times(creation, false)
    let isEmpty = dimensions.contains(0)
    if !isEmpty {
      var chunk = chunkSizes(dimensions, byteCount: kind.byteCount)
      H5Pset_chunk(creation, Int32(chunk.count), &chunk)
      H5Pset_fletcher32(creation)
    }
    let links = try HDF5.checked(H5Pcreate(dq_h5_link_create()), "H5Pcreate")
    defer { H5Pclose(links) }
    H5Pset_create_intermediate_group(links, 1)
    let dataset = try HDF5.checked(
      H5Dcreate2(id, path, kind.fileType, space, links, creation, 0), "H5Dcreate2")
    if let values, !isEmpty, H5Dwrite(dataset, kind.nativeType, 0, 0, 0, values) < 0 {
      H5Dclose(dataset)
      throw HDF5Failure(call: "H5Dwrite")
    }
    return dataset
  }

  private func chunkSizes(_ dimensions: [hsize_t], byteCount: Int) -> [hsize_t] {
    var chunk = dimensions
    var bytes = dimensions.reduce(byteCount) { $0 * Int($1) }
    for axis in chunk.indices where bytes > HDF5File.chunkBytes {
      let rest = bytes / Int(chunk[axis])
      chunk[axis] = hsize_t(max(1, HDF5File.chunkBytes / max(1, rest)))
      bytes = rest * Int(chunk[axis])
    }
    return chunk
  }

  /// Opens a dataset after checking that it is plain: our filter or none, stored in this file.
  ///
  /// - Returns: the dataset, to be closed with `H5Dclose`, and its sizes.
  func openDataset(
    _ path: String, _ kind: ElementKind, in file: String
  ) throws(CheckpointError) -> (id: hid_t, sizes: [Int]) {
    let dataset = H5Dopen2(id, path, 0)
    guard dataset >= 0 else { throw .missingMember(path: file, member: path) }
    do throws(CheckpointError) {
      return (dataset, try plainSizes(of: dataset, kind, path, in: file))
    } catch {
      H5Dclose(dataset)
      throw error
    }
  }

  private func plainSizes(
    of dataset: hid_t, _ kind: ElementKind, _ path: String, in file: String
  ) throws(CheckpointError) -> [Int] {
    let creation = H5Dget_create_plist(dataset)
    defer { H5Pclose(creation) }
    guard H5Pget_external_count(creation) <= 0 else {
      throw .forbidden(path: file, member: path, problem: "keeps its data in another file")
    }
    let layout = H5Pget_layout(creation)
    guard layout == H5D_CHUNKED || layout == H5D_CONTIGUOUS else {
      throw .forbidden(path: file, member: path, problem: "has a layout that is not plain")
    }
    try checkFilters(creation, path, in: file)
    let type = H5Dget_type(dataset)
    defer { H5Tclose(type) }
    guard H5Tget_class(type) == (kind == .float ? H5T_FLOAT : H5T_INTEGER),
      H5Tget_size(type) == kind.byteCount
    else { throw .damaged(path: file, member: path, problem: "another element type") }
    let space = H5Dget_space(dataset)
    defer { H5Sclose(space) }
    let rank = H5Sget_simple_extent_ndims(space)
    guard rank >= 0, rank <= 8 else {
      throw .damaged(path: file, member: path, problem: "\(rank) dimensions")
    }
    var dimensions = [hsize_t](repeating: 0, count: Int(max(rank, 1)))
    H5Sget_simple_extent_dims(space, &dimensions, nil)
    var count = 1
    var sizes: [Int] = []
    for dimension in dimensions.prefix(Int(rank)) {
      let (product, overflow) = count.multipliedReportingOverflow(by: Int(clamping: dimension))
      guard !overflow, product <= 1 << 40 else {
        throw .damaged(path: file, member: path, problem: "an absurd size")
      }
      count = product
      sizes.append(Int(dimension))
    }
    let isScalar = (try? attribute("scalar", of: dataset)) == .integer(1)
    return isScalar && sizes == [1] ? [] : sizes
  }

  private func checkFilters(
    _ creation: hid_t, _ path: String, in file: String
  ) throws(CheckpointError) {
    for index in 0..<max(0, H5Pget_nfilters(creation)) {
      var flags: UInt32 = 0
      var valueCount = 0
      var configuration: UInt32 = 0
      let filter = H5Pget_filter2(
        creation, UInt32(index), &flags, &valueCount, nil, 0, nil, &configuration)
      guard filter == H5Z_FILTER_FLETCHER32 else {
        throw .forbidden(path: file, member: path, problem: "uses filter \(filter)")
      }
    }
  }

  /// Reads a whole open dataset.
  func read(
    _ dataset: hid_t, _ kind: ElementKind, into target: UnsafeMutableRawPointer?,
    _ path: String, in file: String
  ) throws(CheckpointError) {
    guard let target else { return }
    guard H5Dread(dataset, kind.nativeType, 0, 0, 0, target) >= 0 else {
      throw .damaged(path: file, member: path, problem: "its checksum is wrong or it is cut short")
    }
  }
}
