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
  private static let rankLimit = 8

  /// Creates a group and those above it, where they are missing.
  func createGroup(_ path: String) throws(HDF5Failure) {
    let creation = try HDF5.checked(H5Pcreate(dq_h5_group_create()), "H5Pcreate")
    defer { H5Pclose(creation) }
    try HDF5.check(H5Pset_obj_track_times(creation, false), "H5Pset_obj_track_times")
    var way = ""
    for component in path.split(separator: "/") {
      way += "/\(component)"
      guard groups.insert(way).inserted else { continue }
      let group = try HDF5.checked(H5Gcreate2(id, way, 0, creation, 0), "H5Gcreate2")
      try HDF5.check(H5Gclose(group), "H5Gclose")
    }
  }

  /// A dataset that has no elements yet, to be closed with `H5Dclose`.
  struct NewDataset {
    let id: hid_t
    let grid: ChunkGrid
  }

  /// Creates a chunked dataset with Fletcher32 and makes the groups on its way.
  ///
  /// - Parameter sizes: a scalar is stored with one element in one dimension and an attribute
  ///   `scalar`, because HDF5 does not chunk scalars.
  func createDataset(
    _ path: String, _ kind: ElementKind, sizes: [Int],
    attributes: [(name: String, value: RunValue)] = []
  ) throws(HDF5Failure) -> NewDataset {
    try createGroup(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
    let grid = ChunkGrid(sizes.isEmpty ? [1] : sizes, elementBytes: kind.byteCount)
    let dataset = try createDataset(path, kind, grid)
    do throws(HDF5Failure) {
      for (name, value) in attributes { try setAttribute(name, of: dataset, to: value) }
      if sizes.isEmpty { try setAttribute("scalar", of: dataset, to: .integer(1)) }
    } catch {
      H5Dclose(dataset)
      throw error
    }
    return NewDataset(id: dataset, grid: grid)
  }

  private func createDataset(
    _ path: String, _ kind: ElementKind, _ grid: ChunkGrid
  ) throws(HDF5Failure) -> hid_t {
    var dimensions = grid.extents.map { hsize_t($0) }
    let space = try HDF5.checked(
      H5Screate_simple(Int32(dimensions.count), &dimensions, nil), "H5Screate_simple")
    defer { H5Sclose(space) }
    let creation = try HDF5.checked(H5Pcreate(dq_h5_dataset_create()), "H5Pcreate")
    defer { H5Pclose(creation) }
    try HDF5.check(H5Pset_obj_track_times(creation, false), "H5Pset_obj_track_times")
    var chunk = grid.chunk.map { hsize_t($0) }
    try HDF5.check(H5Pset_chunk(creation, Int32(chunk.count), &chunk), "H5Pset_chunk")
    try HDF5.check(H5Pset_fletcher32(creation), "H5Pset_fletcher32")
    return try HDF5.checked(
      H5Dcreate2(id, path, kind.fileType, space, 0, creation, 0), "H5Dcreate2")
  }

  /// A dataset that was opened for reading, to be closed with `H5Dclose`.
  struct OpenDataset {
    let id: hid_t
    /// None for a scalar.
    let sizes: [Int]
    /// Nothing where chunks are no runs of elements, as in files that others wrote.
    let grid: ChunkGrid?
  }

  /// Opens a dataset after checking that it is plain: our filter, stored in this file.
  func openDataset(
    _ path: String, _ kind: ElementKind, in file: String
  ) throws(CheckpointError) -> OpenDataset {
    guard try contains(path, in: file) else { throw .missingMember(path: file, member: path) }
    let dataset = H5Dopen2(id, path, 0)
    guard dataset >= 0 else {
      throw .damaged(path: file, member: path, problem: HDF5Failure(call: "H5Dopen2").problem)
    }
    do throws(CheckpointError) {
      return try plain(dataset, kind, path, in: file)
    } catch {
      H5Dclose(dataset)
      throw error
    }
  }

  private func plain(
    _ dataset: hid_t, _ kind: ElementKind, _ path: String, in file: String
  ) throws(CheckpointError) -> OpenDataset {
    let type = H5Dget_type(dataset)
    defer { H5Tclose(type) }
    // Anything else would go through the library's conversions.
    guard type >= 0, H5Tequal(type, kind.fileType) > 0 else {
      throw .damaged(path: file, member: path, problem: "another element type")
    }
    let sizes = try extents(of: dataset, kind, path, in: file)
    let chunk = try chunkExtents(of: dataset, kind, path, in: file)
    let isScalar = (try? attribute("scalar", of: dataset)) == .integer(1)
    return OpenDataset(
      id: dataset, sizes: isScalar && sizes == [1] ? [] : sizes,
      grid: ChunkGrid(sizes, chunk: chunk))
  }

  /// Refuses all that could read from elsewhere or go unnoticed when it is damaged.
  ///
  /// - Returns: the extents of a chunk.
  private func chunkExtents(
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
    let filters = try filters(creation, path, in: file)
    guard layout == H5D_CHUNKED, filters == [H5Z_FILTER_FLETCHER32] else {
      throw .damaged(path: file, member: path, problem: "it carries no checksums")
    }
    var chunk = [hsize_t](repeating: 0, count: HDF5File.rankLimit)
    let rank = H5Pget_chunk(creation, Int32(chunk.count), &chunk)
    guard rank > 0, rank <= chunk.count,
      byteSize(of: chunk.prefix(Int(rank)), kind) != nil
    else { throw .damaged(path: file, member: path, problem: "its chunks are too large") }
    return chunk.prefix(Int(rank)).map { Int($0) }
  }

  private func extents(
    of dataset: hid_t, _ kind: ElementKind, _ path: String, in file: String
  ) throws(CheckpointError) -> [Int] {
    let space = H5Dget_space(dataset)
    defer { H5Sclose(space) }
    let rank = H5Sget_simple_extent_ndims(space)
    guard rank >= 0, rank <= HDF5File.rankLimit else {
      throw .damaged(path: file, member: path, problem: "\(rank) dimensions")
    }
    var dimensions = [hsize_t](repeating: 0, count: HDF5File.rankLimit)
    H5Sget_simple_extent_dims(space, &dimensions, nil)
    let extents = dimensions.prefix(Int(rank))
    guard byteSize(of: extents, kind) != nil else {
      throw .damaged(path: file, member: path, problem: "it claims more than the file holds")
    }
    return extents.map { Int($0) }
  }

  /// The bytes in a box of elements, or `nil` where the file is smaller than one of its faces:
  /// nothing is compressed, so nothing is larger than the file.
  private func byteSize(of extents: ArraySlice<hsize_t>, _ kind: ElementKind) -> Int? {
    var bytes = kind.byteCount
    for extent in extents {
      let (product, overflow) = bytes.multipliedReportingOverflow(by: Int(clamping: extent))
      guard !overflow, product <= byteCount else { return nil }
      bytes = product
    }
    return bytes
  }

  private func filters(
    _ creation: hid_t, _ path: String, in file: String
  ) throws(CheckpointError) -> [H5Z_filter_t] {
    var filters: [H5Z_filter_t] = []
    for index in 0..<max(0, H5Pget_nfilters(creation)) {
      var flags: UInt32 = 0
      var valueCount = 0
      var configuration: UInt32 = 0
      let filter = H5Pget_filter2(
        creation, UInt32(index), &flags, &valueCount, nil, 0, nil, &configuration)
      guard filter == H5Z_FILTER_FLETCHER32 else {
        throw .forbidden(path: file, member: path, problem: "uses filter \(filter)")
      }
      filters.append(filter)
    }
    return filters
  }
}
