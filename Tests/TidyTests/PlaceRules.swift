/// The repository stands alone: nothing in it names a place outside.
enum PlaceRules {
  /// Put together here, so that this file does not name them either.
  static let outsidePlaces = ["/wo" + "rk/", "/.lib" + "rary", "fa" + "rm-"]

  static func outsidePaths(_ file: SourceFile) -> [Finding] {
    file.lines.enumerated().flatMap { index, line in
      outsidePlaces.filter { line.contains($0) }
        .map { file.finding(index, "\($0) is outside the repository") }
    }
  }
}
