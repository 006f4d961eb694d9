import CHDF5
import FileTestSupport
import Foundation
import Testing

@testable import Checkpoints

/// Datasets chunk by chunk: how they are cut, and that the library and we agree about a chunk.
@Suite struct ChunkTests {
  static let extents: [[Int]] = [
    [1], [8], [70_001], [70_001, 1], [2, 70_001], [3, 5, 70_001], [300, 300], [0, 4], [4, 0], [],
    [1, 1, 65_536], [7, 1, 65_537], [197, 768],
  ]

  @Test(arguments: extents)
  func `runs have every element once, in order`(_ extents: [Int]) {
    let grid = ChunkGrid(extents, elementBytes: 4)
    var next = 0
    for index in 0..<grid.count {
      let run = grid[index]
      #expect(run.elements.lowerBound == next)
      #expect(!run.elements.isEmpty && run.elements.count <= grid.chunkElementCount)
      #expect(run.offsets.count == extents.count)
      // The chunk's first place is its run's first element.
      var place = 0
      for (extent, offset) in zip(extents, run.offsets) { place = place * extent + Int(offset) }
      #expect(place == next)
      next = run.elements.upperBound
    }
    #expect(next == extents.reduce(1, *))
    #expect(ChunkGrid(extents, chunk: grid.chunk) == grid)
  }

  @Test func `chunks that are no runs have no grid`() {
    #expect(ChunkGrid([4, 4], chunk: [2, 2]) == nil)
    #expect(ChunkGrid([4, 4, 4], chunk: [2, 4, 2]) == nil)
    #expect(ChunkGrid([4, 4], chunk: [4]) == nil)
    #expect(ChunkGrid([4, 4], chunk: [0, 4]) == nil)
    #expect(ChunkGrid([4, 4], chunk: [4, 8]) == nil)
    #expect(ChunkGrid([1, 4], chunk: [1, 3]) != nil)
    #expect(ChunkGrid([4, 4], chunk: [1, 3]) != nil)
  }

  @Test func `the library reads what we wrote and finds our checksums right`() throws {
    let sample = try SampleCheckpoint()
    for section in CheckpointSection.allCases {
      for tensor in sample.tensors(section) {
        var values = [Float](repeating: 0, count: max(1, tensor.bits.count))
        try read("\(section.rawValue)/\(tensor.path)", of: sample.path, into: &values)
        let bits = values.prefix(tensor.bits.count).map(\.bitPattern)
        #expect(bits == tensor.bits, "\(tensor.path)")
      }
    }
  }

  /// An odd number of bytes is the checksum's special case.
  @Test(arguments: [0, 1, 2, 719, 720, 721, 722, 262_145])
  func `the library agrees about texts of any length`(_ count: Int) throws {
    var document = CheckpointDocument.sample()
    document.vocabulary = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
    let sample = try SampleCheckpoint(shapes: [("one", [1])], document: document)
    var bytes = [UInt8](repeating: 0, count: max(1, count))
    try HDF5.locked { () throws(any Error) in
      let file = try HDF5File(sample.path, .read)
      let dataset = try HDF5.checked(H5Dopen2(file.id, "vocabulary", 0), "H5Dopen2")
      defer { H5Dclose(dataset) }
      try HDF5.check(H5Dread(dataset, dq_h5_native_byte(), 0, 0, 0, &bytes), "H5Dread")
    }
    #expect(Array(bytes.prefix(count)) == document.vocabulary)
    #expect(try CheckpointReader(sample.path).document.vocabulary == document.vocabulary)
  }

  /// Bytes that are all ones sum up to the other form of zero.
  @Test func `the library agrees about sums that are zero`() throws {
    for byte: UInt8 in [0, 0xFF] {
      var document = CheckpointDocument.sample()
      document.vocabulary = [UInt8](repeating: byte, count: 262_140)
      let sample = try SampleCheckpoint(shapes: [("one", [1])], document: document)
      #expect(try CheckpointReader(sample.path).document.vocabulary == document.vocabulary)
      var bytes = [UInt8](repeating: 1, count: 262_140)
      try HDF5.locked { () throws(any Error) in
        let file = try HDF5File(sample.path, .read)
        let dataset = try HDF5.checked(H5Dopen2(file.id, "vocabulary", 0), "H5Dopen2")
        defer { H5Dclose(dataset) }
        try HDF5.check(H5Dread(dataset, dq_h5_native_byte(), 0, 0, 0, &bytes), "H5Dread")
      }
      #expect(bytes == document.vocabulary)
    }
  }

  @Test func `files of other chunks are read all the same`() throws {
    let sample = try SampleCheckpoint.small()
    let values = (0..<168).map { Float($0) }
    try edit(sample.path) { file in
      Replacement(sizes: [21, 8], chunk: [5, 3])
        .put(values, at: "/parameters/text/embeddings/word", in: file)
    }
    let reader = try CheckpointReader(sample.path)
    #expect(
      try reader.bits(of: "text/embeddings/word", in: .parameters) == values.map(\.bitPattern))
    #expect(
      try reader.verify() == [
        .damaged(path: sample.path, member: "parameters", problem: "they differ from `sha256`")
      ])
  }

  /// Chunks are looked up one by one where there are not too many of them.
  @Test(arguments: [2, 1])
  func `many small chunks are read, and damage in one of them is found`(_ size: hsize_t) throws {
    let sample = try SampleCheckpoint.small()
    let values = (0..<2_000).map { Float($0) }
    let path = "text/embeddings/word"
    try edit(sample.path) { file in
      Replacement(sizes: [2_000], chunk: [size]).put(values, at: "/parameters/\(path)", in: file)
    }
    let found = try CheckpointReader(sample.path).bits(of: path, in: .parameters)
    #expect(found == values.map(\.bitPattern))
    var bytes = try sample.bytes
    let chunk = values[1_500..<1_500 + Int(size)].withUnsafeBytes { Array($0) }
    let offsets = bytes.indices.dropLast(chunk.count).filter {
      bytes[$0] == chunk[0] && Array(bytes[$0..<$0 + chunk.count]) == chunk
    }
    for offset in offsets { bytes[offset + 2] ^= 1 }
    try sample.folder.write(bytes, to: "copy.h5")
    let copy = "\(sample.folder.path)/copy.h5"
    #expect(
      throws: CheckpointError.damaged(
        path: copy, member: "parameters/\(path)",
        problem: "its checksum is wrong or it is cut short")
    ) { try CheckpointReader(copy).bits(of: path, in: .parameters) }
  }

  /// The format lets a writer leave a filter out of single chunks.
  @Test func `a chunk without its checksum is damage`() throws {
    let sample = try SampleCheckpoint.small()
    var values = [Float](repeating: 1, count: 8)
    try edit(sample.path) { file in
      let path = "/parameters/text/blocks/0/norm/scale"
      Replacement().put(at: path, in: file)
      let dataset = H5Dopen2(file, path, 0)
      defer { H5Dclose(dataset) }
      var start: [hsize_t] = [0]
      #expect(H5Dwrite_chunk(dataset, 0, 1, &start, 32, &values) >= 0)
    }
    let finding = try CheckpointReader(sample.path).verify().first
    #expect(
      finding
        == .damaged(
          path: sample.path, member: "parameters/text/blocks/0/norm/scale",
          problem: "its checksum is wrong or it is cut short"))
  }

  private func read(_ member: String, of path: String, into values: inout [Float]) throws {
    try HDF5.locked { () throws(any Error) in
      let file = try HDF5File(path, .read)
      let dataset = try HDF5.checked(H5Dopen2(file.id, member, 0), "H5Dopen2")
      defer { H5Dclose(dataset) }
      try HDF5.check(H5Dread(dataset, dq_h5_native_float(), 0, 0, 0, &values), "H5Dread")
    }
  }
}
