import CHDF5
import Checkpoints
import FileTestSupport
import Foundation

@testable import Checkpoints

/// A checkpoint of every kind of tensor, in a folder of its own.
struct SampleCheckpoint {
  let folder: TemporaryFolder
  let path: String
  let document: CheckpointDocument
  let parameters: SampleTensors
  let firstMoments: SampleTensors
  let secondMoments: SampleTensors
  /// Empty where the parameters are no averages.
  let weights: SampleTensors

  /// Scalars, empty tensors, several chunks on the first and on the second axis, nested groups.
  static let shapes: [(path: String, sizes: [Int])] = [
    ("logit_scale", []), ("text/embeddings/word", [21, 8]), ("text/blocks/0/norm/scale", [8]),
    ("text/blocks/10/norm/scale", [8]), ("text/blocks/2/norm/scale", [8]), ("text/empty", [0, 4]),
    ("image/patches/weight", [4, 3, 2, 2]), ("one", [1]), ("image/long", [2, 70_001]),
    ("image/tall", [70_001, 1]),
  ]

  init(
    shapes: [(path: String, sizes: [Int])] = shapes, document: CheckpointDocument = .sample(),
    seed: UInt64 = 7, isAveraged: Bool = false
  ) throws {
    folder = try TemporaryFolder()
    path = "\(folder.path)/step-00000007.h5"
    self.document = document
    parameters = SampleTensors(shapes, seed: seed)
    // The optimizer keeps moments of what is trained, here everything but the last tensors.
    let trained = Array(shapes.dropLast(2))
    firstMoments = SampleTensors(trained, seed: seed + 100)
    secondMoments = SampleTensors(trained, seed: seed + 200)
    weights = SampleTensors(isAveraged ? trained : [], seed: seed + 300)
    try write(to: path)
  }

  /// A small one, for tests that damage every place of it.
  static func small(isAveraged: Bool = false) throws -> SampleCheckpoint {
    try SampleCheckpoint(shapes: Array(shapes.prefix(8)), isAveraged: isAveraged)
  }

  @discardableResult
  func write(to path: String) throws -> String {
    try CheckpointWriter.write(
      to: path, document: document, parameters: parameters.checkpointTensors,
      firstMoments: firstMoments.checkpointTensors,
      secondMoments: secondMoments.checkpointTensors, weights: weights.checkpointTensors)
  }

  var bytes: [UInt8] { get throws { Array(try Data(contentsOf: URL(filePath: path))) } }

  func tensors(_ section: CheckpointSection) -> [SampleTensors.Entry] {
    let tensors =
      switch section {
      case .parameters: parameters
      case .firstMoments: firstMoments
      case .secondMoments: secondMoments
      case .weights: weights
      }
    return tensors.entries.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
  }

  /// Whether a reader gives exactly what was written.
  func equals(_ reader: CheckpointReader) throws -> Bool {
    guard reader.document.comparable == document.comparable else { return false }
    for section in CheckpointSection.allCases {
      let expected = tensors(section)
      guard reader.paths(in: section) == expected.map(\.path) else { return false }
      for tensor in expected where try reader.bits(of: tensor.path, in: section) != tensor.bits {
        return false
      }
      for tensor in expected
      where try reader.sizes(of: tensor.path, in: section) != tensor.sizes {
        return false
      }
    }
    return true
  }
}

extension CheckpointFolder {
  /// The newest checkpoint of a run's folder that is whole, and why newer ones are not.
  static func newestGood(
    in folder: String
  ) throws -> (reader: CheckpointReader?, refused: [CheckpointError]) {
    let (result, refused) = try withNewest(in: folder) { (reader) throws(CheckpointError) in
      if let finding = try reader.verify().first { throw finding }
      return reader
    }
    return (result, refused)
  }
}

extension CheckpointReader {
  /// A tensor's values as bit patterns.
  func bits(of path: String, in section: CheckpointSection) throws -> [UInt32] {
    let sizes = try sizes(of: path, in: section)
    let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: sizes.reduce(1, *))
    defer { buffer.deallocate() }
    try read(path, in: section, sizes: sizes, into: buffer)
    return buffer.map(\.bitPattern)
  }
}

extension CheckpointDocument {
  /// Everything in it, in an order of its own, with numbers told apart by their bits.
  var comparable: [String] {
    let run = (run ?? []).map { name, value in
      if case .real(let number) = value { return "\(name) \(number.bitPattern)" }
      return "\(name) \(value)"
    }
    return [
      family, configuration, "\(vocabulary)", preprocessing, recipe, toolVersion,
      "\(self.run == nil)",
    ] + run.sorted()
  }
}

/// An attribute of a file or of one of its datasets, whatever else the file is.
func attribute(_ name: String, of path: String, dataset: String = "/") throws -> RunValue? {
  try HDF5.locked { () throws(any Error) in
    let file = try HDF5File(path, .read)
    let object = try HDF5.checked(H5Oopen(file.id, dataset, 0), "H5Oopen")
    defer { H5Oclose(object) }
    return try file.attribute(name, of: object)
  }
}
