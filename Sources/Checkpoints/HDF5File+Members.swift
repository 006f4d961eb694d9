internal import CHDF5

extension HDF5File {
  /// More than any model has; a file that claims more is not one.
  private static let memberLimit = 1_000_000
  private static let depthLimit = 32

  /// The paths of all datasets below a group, in byte order.
  ///
  /// Only hard links are followed, to a limited depth and number, so a file can neither lead to
  /// another file nor round in a circle.
  func datasetPaths(below group: String, in file: String) throws(CheckpointError) -> [String] {
    guard try contains(group, in: file) else { return [] }
    var paths: [String] = []
    var visits = 0
    try walk(group, prefix: "", depth: 0, in: file, into: &paths, visits: &visits)
    return paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private func walk(
    _ group: String, prefix: String, depth: Int, in file: String, into paths: inout [String],
    visits: inout Int
  ) throws(CheckpointError) {
    guard depth <= HDF5File.depthLimit else {
      throw .forbidden(path: file, member: group, problem: "nests groups without end")
    }
    let handle = H5Gopen2(id, group, 0)
    guard handle >= 0 else { throw .damaged(path: file, member: group, problem: "not a group") }
    defer { H5Gclose(handle) }
    var information = H5G_info_t()
    guard H5Gget_info(handle, &information) >= 0 else {
      throw .damaged(path: file, member: group, problem: "its list of members")
    }
    for index in 0..<information.nlinks {
      visits += 1
      guard visits < HDF5File.memberLimit else {
        throw .forbidden(path: file, member: group, problem: "has members without end")
      }
      let name = try linkName(handle, index, group, in: file)
      let path = prefix.isEmpty ? name : "\(prefix)/\(name)"
      let object = H5Oopen(handle, name, 0)
      guard object >= 0 else {
        throw .damaged(path: file, member: path, problem: "it does not open")
      }
      let type = H5Iget_type(object)
      H5Oclose(object)
      switch type {
      case H5I_DATASET: paths.append(path)
      case H5I_GROUP:
        try walk(
          "\(group)/\(name)", prefix: path, depth: depth + 1, in: file, into: &paths,
          visits: &visits)
      default:
        throw .forbidden(path: file, member: path, problem: "is neither group nor dataset")
      }
    }
  }

  private func linkName(
    _ group: hid_t, _ index: hsize_t, _ path: String, in file: String
  ) throws(CheckpointError) -> String {
    let length = H5Lget_name_by_idx(
      group, ".", H5_INDEX_NAME, H5_ITER_INC, index, nil, 0, 0)
    guard length > 0, length < 4_096 else {
      throw .damaged(path: file, member: path, problem: "a member's name")
    }
    var name = [CChar](repeating: 0, count: length + 1)
    H5Lget_name_by_idx(
      group, ".", H5_INDEX_NAME, H5_ITER_INC, index, &name, name.count, 0)
    guard dq_h5_link_is_hard(group, name) == 1 else {
      throw .forbidden(path: file, member: path, problem: "has a link that leads elsewhere")
    }
    return String(decoding: name.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
