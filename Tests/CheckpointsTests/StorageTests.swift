import CHDF5
import FileTestSupport
import Foundation
import Testing

@testable import Checkpoints

/// How a checkpoint lies in its file.
@Suite struct StorageTests {
  private struct Storage {
    var path: String
    var sizes: [hsize_t]
    var chunk: [hsize_t]
    var filters: [H5Z_filter_t]
    var element: Int
  }

  private func storage(_ sample: SampleCheckpoint) throws -> [Storage] {
    try HDF5.locked { () throws(any Error) in
      let file = try HDF5File(sample.path, .read)
      return try file.datasetPaths(below: "/", in: sample.path).map { path in
        let dataset = try HDF5.checked(H5Dopen2(file.id, path, 0), "H5Dopen2")
        defer { H5Dclose(dataset) }
        let creation = H5Dget_create_plist(dataset)
        defer { H5Pclose(creation) }
        let space = H5Dget_space(dataset)
        defer { H5Sclose(space) }
        let type = H5Dget_type(dataset)
        defer { H5Tclose(type) }
        var (sizes, chunk) = ([hsize_t](repeating: 0, count: 8), [hsize_t](repeating: 0, count: 8))
        let rank = Int(H5Sget_simple_extent_dims(space, &sizes, nil))
        let chunkRank = Int(max(0, H5Pget_chunk(creation, 8, &chunk)))
        let filters = (0..<H5Pget_nfilters(creation)).map { index in
          H5Pget_filter2(creation, UInt32(index), nil, nil, nil, 0, nil, nil)
        }
        return Storage(
          path: path, sizes: Array(sizes[..<rank]), chunk: Array(chunk[..<chunkRank]),
          filters: filters, element: H5Tget_size(type))
      }
    }
  }

  @Test func `every dataset is chunked with Fletcher32 and nothing else`() throws {
    var document = CheckpointDocument.sample()
    document.recipe = ""
    let found = try storage(SampleCheckpoint(document: document))
    #expect(found.count == 4 + 10 + 8 + 8)
    for dataset in found {
      #expect(dataset.chunk.count == dataset.sizes.count, "\(dataset.path)")
      #expect(dataset.filters == [H5Z_FILTER_FLETCHER32], "\(dataset.path)")
    }
  }

  @Test func `chunks are whole rows of a quarter MiB at most`() throws {
    for dataset in try storage(SampleCheckpoint()) {
      let bytes = dataset.chunk.reduce(hsize_t(dataset.element), *)
      #expect(bytes <= 256 << 10, "\(dataset.path)")
      // Once an axis is whole, all later ones are.
      let firstWhole = zip(dataset.chunk, dataset.sizes).prefix { $0 < $1 }.count
      for axis in dataset.chunk.indices.dropFirst(firstWhole) {
        #expect(dataset.chunk[axis] == max(1, dataset.sizes[axis]), "\(dataset.path)")
      }
    }
  }

  @Test func `all metadata carry checksums and the file ends where it says`() throws {
    let sample = try SampleCheckpoint()
    let bytes = try sample.bytes
    #expect(bytes[8] == 3)
    let end = (0..<8).reduce(0) { $0 | Int(bytes[28 + $1]) << (8 * $1) }
    #expect(end == bytes.count)
    // Signatures of old structures without checksums: symbol table, local heap, first B-tree.
    for signature in ["SNOD", "HEAP", "TREE"] {
      #expect(Data(bytes).range(of: Data(signature.utf8)) == nil)
    }
  }
}
