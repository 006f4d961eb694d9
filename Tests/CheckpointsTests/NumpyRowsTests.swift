import Foundation
import Testing

@testable import DurableFiles

@Suite struct NumpyRowsTests {
  private let folder = FileManager.default.temporaryDirectory.path + "/duiqi-\(UUID().uuidString)"

  init() throws {
    try Folder.create(folder)
  }

  private func write(_ parts: [[Float]], width: Int) throws -> String {
    let path = "\(folder)/rows.npy"
    let file = try NumpyFile(path, width: width)
    for part in parts { try file.write(part) }
    try file.publish()
    return path
  }

  @Test func `rows written in parts are read in other parts`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = try write([[1, 2, 3], [], [4, 5, 6, 7, 8, 9]], width: 3)
    let rows = try NumpyRows(path)
    #expect(rows.rowCount == 3 && rows.width == 3)
    #expect(try rows.read(0..<3) == [1, 2, 3, 4, 5, 6, 7, 8, 9])
    #expect(try rows.read(1..<2) == [4, 5, 6])
    #expect(try rows.read(3..<3) == [])
  }

  @Test func `the header is the one that numpy documents`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let bytes = try FileContents.read(try write([[1, 2]], width: 2), limit: 1_000)
    #expect(bytes.count == 128 + 8)
    #expect(bytes[..<10] == [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0, 118, 0])
    let header = String(decoding: bytes[10..<128], as: UTF8.self)
    #expect(header.hasPrefix("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), } "))
    #expect(header.hasSuffix("\n"))
    #expect(bytes[128...] == [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40])
  }

  @Test func `an array without rows has its shape`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let rows = try NumpyRows(try write([], width: 5))
    #expect(rows.rowCount == 0 && rows.width == 5)
  }

  @Test func `files of another length or header are refused`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = try write([[1, 2, 3, 4]], width: 2)
    let whole = try FileContents.read(path, limit: 1_000)
    var edited = whole
    edited[15] ^= 1
    for bytes in [Array(whole.dropLast()), whole + [0], Array(whole[..<100]), [], edited] {
      try AtomicFile.write(bytes, to: path)
      #expect(throws: FileError.self) { try NumpyRows(path) }
    }
  }

  @Test func `what is not published leaves nothing`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    do {
      let file = try NumpyFile("\(folder)/rows.npy", width: 2)
      try file.write([1, 2])
    }
    #expect(try Folder.names(in: folder) == [])
  }
}
