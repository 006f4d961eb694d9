internal import CHDF5

extension HDF5File {
  /// More than any model has; a file that claims more is not one.
  private static let memberLimit = 1_000_000
  private static let depthLimit = 32
  private static let nameLimit = 4_096

  /// The names in a group, and whether one is a link that leads elsewhere.
  private struct Links {
    var names: [String] = []
    var odd: String?
    var room: Int
  }

  /// The paths of all datasets below a group, in byte order.
  ///
  /// Only hard links are followed, to a limited depth and number, so a file can neither lead to
  /// another file nor round in a circle.
  func datasetPaths(below group: String, in file: String) throws(CheckpointError) -> [String] {
    guard try contains(group, in: file) else { return [] }
    var paths: [String] = []
    var room = HDF5File.memberLimit
    try walk(group, prefix: "", depth: 0, in: file, into: &paths, room: &room)
    return paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private func walk(
    _ group: String, prefix: String, depth: Int, in file: String, into paths: inout [String],
    room: inout Int
  ) throws(CheckpointError) {
    guard depth <= HDF5File.depthLimit else {
      throw .forbidden(path: file, member: group, problem: "nests groups without end")
    }
    let handle = H5Gopen2(id, group, 0)
    guard handle >= 0 else { throw .damaged(path: file, member: group, problem: "not a group") }
    defer { H5Gclose(handle) }
    let names = try links(of: handle, group, in: file, room: room)
    room -= names.count
    for name in names {
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
          "\(group)/\(name)", prefix: path, depth: depth + 1, in: file, into: &paths, room: &room)
      default:
        throw .forbidden(path: file, member: path, problem: "is neither group nor dataset")
      }
    }
  }

  private func links(
    of group: hid_t, _ path: String, in file: String, room: Int
  ) throws(CheckpointError) -> [String] {
    var links = Links(room: room)
    let status = withUnsafeMutablePointer(to: &links) { links in
      dq_h5_visit_links(
        group,
        { name, isHard, context in
          guard let name, let context else { return -1 }
          let links = context.assumingMemoryBound(to: Links.self)
          let text = String(cString: name)
          if isHard == 0 || text.utf8.count > HDF5File.nameLimit { links.pointee.odd = text }
          links.pointee.names.append(text)
          return links.pointee.names.count < links.pointee.room ? 0 : 1
        }, links)
    }
    guard status >= 0 else {
      throw .damaged(path: file, member: path, problem: "its list of members")
    }
    guard status == 0 else {
      throw .forbidden(path: file, member: path, problem: "has members without end")
    }
    if let odd = links.odd {
      throw .forbidden(
        path: file, member: "\(path)/\(odd.prefix(64))", problem: "is a link that leads elsewhere")
    }
    return links.names
  }
}
