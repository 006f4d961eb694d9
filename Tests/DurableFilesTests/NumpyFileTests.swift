import DurableFiles
import FileTestSupport
import Testing

@Suite struct NumpyFileTests {
  private let folder: TemporaryFolder
  private let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = "\(folder.path)/a.npy"
  }

  /// NumPy's own file of `numpy.array([[1, -2.5], [0, 3]], dtype="<f4")`, byte for byte.
  @Test func `a small matrix is NumPy's file byte for byte`() throws {
    let file = try NumpyFile(path, rows: 2, width: 2)
    try file.write([1, -2.5])
    try file.write([0, 3])
    try file.publish()
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }"
    let padded = header + String(repeating: " ", count: 117 - header.count) + "\n"
    let values: [UInt8] = [0, 0, 0x80, 0x3F, 0, 0, 0x20, 0xC0, 0, 0, 0, 0, 0, 0, 0x40, 0x40]
    #expect(
      try folder.read("a.npy")
        == [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(padded.utf8) + values)
  }

  @Test(arguments: [(0, 512), (1, 1), (7, 100_000), (100_000, 0)])
  func `values begin at a multiple of 64 bytes`(_ rows: Int, _ width: Int) throws {
    let file = try NumpyFile(path, rows: rows, width: width)
    try file.write([Float](repeating: 1, count: rows * width))
    try file.publish()
    let bytes = try folder.read("a.npy")
    let start = bytes.count - 4 * rows * width
    #expect(start % 64 == 0)
    #expect(start == 10 + Int(bytes[8]) + 256 * Int(bytes[9]))
    #expect(bytes[start - 1] == 0x0A)
  }

  @Test func `a matrix with missing rows is never published`() async throws {
    await #expect(processExitsWith: .failure) { [path = path as String] in
      let file = try NumpyFile(path, rows: 2, width: 2)
      try file.write([1, 2])
      try file.publish()
    }
    #expect(try !folder.names.contains("a.npy"))
  }

  @Test func `more rows than the header states are a trap`() async throws {
    await #expect(processExitsWith: .failure) { [path = path as String] in
      let file = try NumpyFile(path, rows: 1, width: 2)
      try file.write([1, 2, 3])
    }
  }
}
