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

  /// What `numpy.load` reads as `[[1, -2.5], [0, 3]]`; NumPy itself leaves less room for rows.
  @Test func `a small matrix is a file of version 1.0, byte for byte`() throws {
    let file = try NumpyFile(path, width: 2)
    try file.write([1, -2.5])
    try file.write([])
    try file.write([0, 3])
    try file.publish()
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }"
    let padded = header + String(repeating: " ", count: 117 - header.count) + "\n"
    let values: [UInt8] = [0, 0, 0x80, 0x3F, 0, 0, 0x20, 0xC0, 0, 0, 0, 0, 0, 0, 0x40, 0x40]
    #expect(
      try folder.bytes(of: "a.npy")
        == [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(padded.utf8) + values)
  }

  @Test(arguments: [0, 1, 7, 100_000])
  func `rows come back, all and some of them`(_ rows: Int) throws {
    let file = try NumpyFile(path, width: 3)
    let values = (0..<(3 * rows)).map { Float($0) * 0.5 - 7 }
    try file.write(values)
    #expect(file.rowCount == rows)
    try file.publish()
    let reader = try NumpyRows(path)
    #expect(reader.rowCount == rows && reader.width == 3)
    #expect(try reader.read(0..<rows) == values)
    #expect(try reader.read((rows / 2)..<rows) == Array(values[(rows / 2 * 3)...]))
  }

  @Test func `an array that is cut short, longer or another's is a typed error`() throws {
    let file = try NumpyFile(path, width: 3)
    try file.write([1, 2, 3, 4, 5, 6])
    try file.publish()
    let whole = try folder.bytes(of: "a.npy")
    var other = whole
    other[20] ^= 1
    let lengths = [0, 1, 10, 127, 128, 151].map { Array(whole[..<$0]) }
    for bytes in lengths + [whole + [0], other] {
      let damaged = try folder.write(bytes, to: "b.npy")
      let error = #expect(throws: FileError.self) { try NumpyRows(damaged) }
      #expect(error?.path == damaged && error?.problem != nil)
    }
  }

  @Test func `what is not published leaves nothing`() throws {
    do {
      let file = try NumpyFile(path, width: 2)
      try file.write([1, 2])
    }
    #expect(folder.names() == [])
  }

  @Test func `half a row is a trap`() async throws {
    await #expect(processExitsWith: .failure) { [path = path as String] in
      let file = try NumpyFile(path, width: 2)
      try file.write([1, 2, 3])
    }
  }
}
