internal import DurableFiles
internal import Glibc

/// Unit vectors as a `.npy`, and a line of JSON for each row; published together.
final class EmbeddingTable {
  private let array: NumpyFile
  private let lines: AtomicFile
  private let arrayPath: String

  /// - Parameters:
  ///   - array, lines: names in an existing folder.
  init(folder: String, array: String, lines: String, width: Int) throws(ModelError) {
    arrayPath = "\(folder)/\(array)"
    do throws(FileError) {
      self.array = try NumpyFile(arrayPath, width: width)
      self.lines = try AtomicFile("\(folder)/\(lines)")
    } catch {
      throw .file(error)
    }
  }

  var rowCount: Int { array.rowCount }

  /// - Parameter values: as many rows as there are lines.
  func append(_ values: [Float], _ rows: [JSONText]) throws(ModelError) {
    precondition(values.count == rows.count * array.width, "\(rows.count) lines for other rows")
    do throws(FileError) {
      try array.write(values)
      try lines.write(Array(rows.map { $0.line + "\n" }.joined().utf8))
    } catch {
      throw .file(error)
    }
  }

  /// An older array goes first, so that no array ever stands beside the lines of another.
  func publish() throws(ModelError) {
    do throws(FileError) {
      guard unlink(arrayPath) == 0 || errno == ENOENT else {
        throw FileError(.remove, path: arrayPath, code: errno)
      }
      try lines.publish()
      try array.publish()
    } catch {
      throw .file(error)
    }
  }
}
