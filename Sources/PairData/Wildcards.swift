internal import Glibc

/// Finds the files that a path with `*` and `?` stands for, a component at a time.
enum Wildcards {
  /// Existing files for a path, absolute or relative to the folder, in the byte order of the names.
  static func files(
    matching path: String, relativeTo folder: String
  ) throws(PairDataError) -> [String] {
    let start = path.hasPrefix("/") ? "/" : folder
    var found = [start]
    let components = path.split(separator: "/")
    for (index, component) in components.enumerated() {
      let isLast = index == components.count - 1
      if component.contains(where: { $0 == "*" || $0 == "?" }) {
        found = try found.flatMapTyped { parent throws(PairDataError) in
          try names(in: parent).filter { matches($0, pattern: String(component)) }
            .map { join(parent, $0) }
        }
      } else {
        found = found.map { join($0, String(component)) }
      }
      found = found.filter { isLast ? exists($0, S_IFREG) : exists($0, S_IFDIR) }
    }
    return components.isEmpty ? [] : found
  }

  /// True when a name fits a pattern of one component, in which `*` is any text, `?` any character.
  static func matches(_ name: String, pattern: String) -> Bool {
    if name.hasPrefix(".") && !pattern.hasPrefix(".") { return false }
    if name.hasSuffix(ShardIndex.fileSuffix) { return false }
    let (name, pattern) = (Array(name.unicodeScalars), Array(pattern.unicodeScalars))
    var (place, step) = (0, 0)
    // Where to go on when the last star takes one more character.
    var retry: (place: Int, step: Int)?
    while place < name.count {
      if step < pattern.count, pattern[step] == "*" {
        step += 1
        retry = (place, step)
      } else if step < pattern.count, pattern[step] == "?" || pattern[step] == name[place] {
        place += 1
        step += 1
      } else if let last = retry {
        retry = (last.place + 1, last.step)
        place = last.place + 1
        step = last.step
      } else {
        return false
      }
    }
    return pattern[step...].allSatisfy { $0 == "*" }
  }

  private static func join(_ folder: String, _ name: String) -> String {
    if folder.isEmpty { return name }
    return folder.hasSuffix("/") ? folder + name : folder + "/" + name
  }

  private static func exists(_ path: String, _ kind: mode_t) -> Bool {
    var information = stat()
    return stat(path, &information) == 0 && information.st_mode & S_IFMT == kind
  }

  private static func names(in folder: String) throws(PairDataError) -> [String] {
    guard let stream = opendir(folder.isEmpty ? "." : folder) else {
      throw .fileFailure(action: .list, path: folder, reason: lastSystemError())
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }
}

extension Array {
  /// `flatMap` for a body with a typed error.
  fileprivate func flatMapTyped<Result, Failure: Error>(
    _ body: (Element) throws(Failure) -> [Result]
  ) throws(Failure) -> [Result] {
    var results: [Result] = []
    for element in self { results += try body(element) }
    return results
  }
}
