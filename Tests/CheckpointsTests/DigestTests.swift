import Checkpoints
import DurableFiles
import FileTestSupport
import Testing

/// The digests of `docs/checkpoint-format.md`, made here once more from its words.
@Suite struct DigestTests {
  private struct Records {
    var bytes: [UInt8] = []

    mutating func add(_ name: String, _ sizes: [Int], _ value: [UInt8]) {
      bytes += Array(name.utf8) + [0]
      for number in [sizes.count] + sizes {
        bytes += (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
      }
      bytes += value
    }

    mutating func add(_ name: String, _ text: String) {
      add(name, [text.utf8.count], Array(text.utf8))
    }

    mutating func add(_ tensors: [SampleTensors.Entry], prefix: String) {
      for tensor in tensors {
        let bytes = tensor.bits.flatMap { word in
          (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * UInt32($0))) }
        }
        add(prefix + tensor.path, tensor.sizes, bytes)
      }
    }

    var digest: String { SHA256.hexadecimal(SHA256.digest(bytes)) }
  }

  @Test func `parameters are hashed in the order of their paths`() throws {
    let sample = try SampleCheckpoint()
    var records = Records()
    records.add(sample.tensors(.parameters), prefix: "")
    #expect(try CheckpointReader(sample.path).sha256 == records.digest)
    #expect(try sample.write(to: sample.path) == records.digest)
    #expect(try attribute("sha256", of: sample.path) == .text(records.digest))
  }

  @Test func `moments are hashed with the names of their groups`() throws {
    let sample = try SampleCheckpoint()
    var records = Records()
    records.add(sample.tensors(.firstMoments), prefix: "optimizer/first_moment/")
    records.add(sample.tensors(.secondMoments), prefix: "optimizer/second_moment/")
    #expect(try attribute("optimizer_sha256", of: sample.path) == .text(records.digest))
  }

  @Test func `weights behind averages are hashed after the moments`() throws {
    let sample = try SampleCheckpoint(isAveraged: true)
    var records = Records()
    records.add(sample.tensors(.firstMoments), prefix: "optimizer/first_moment/")
    records.add(sample.tensors(.secondMoments), prefix: "optimizer/second_moment/")
    records.add(sample.tensors(.weights), prefix: "optimizer/weight/")
    #expect(try attribute("optimizer_sha256", of: sample.path) == .text(records.digest))
  }

  @Test func `the document is hashed with its texts, its attributes and the run`() throws {
    let sample = try SampleCheckpoint()
    var records = Records()
    records.add("configuration", sample.document.configuration)
    records.add("preprocessing", sample.document.preprocessing)
    records.add("recipe", sample.document.recipe)
    records.add("vocabulary", [sample.document.vocabulary.count], sample.document.vocabulary)
    records.add("family", "chinese_clip")
    records.add("tool_version", "0.1.0-test")
    records.add("run/best_value", [8], [0, 0, 0, 0, 0, 0, 0, 0x80])
    records.add("run/note", "第一")
    records.add("run/step", [8], [7, 0, 0, 0, 0, 0, 0, 0])
    #expect(try attribute("document_sha256", of: sample.path) == .text(records.digest))
  }

  /// Computed by Python's hashlib from the same recipe; a change here breaks all older files.
  @Test func `digests stay what they are`() throws {
    let folder = try TemporaryFolder()
    let tensors = SampleTensors([
      .init(path: "logit_scale", sizes: [], bits: [Float(2.6592).bitPattern]),
      .init(path: "text/word", sizes: [2, 1], bits: [Float(1).bitPattern, Float(-2).bitPattern]),
    ])
    let digest = try CheckpointWriter.write(
      to: "\(folder.path)/a.h5", document: .sample(), parameters: tensors.checkpointTensors)
    #expect(digest == "6373ef460225609d54243632b26a3f2f84d942bd86b298a9731e037cc43cf0bf")
    #expect(
      try attribute("document_sha256", of: "\(folder.path)/a.h5")
        == .text("38518dbf553d23b52fd27546850e9db8e6cd78f84c6c68fd17370f1fba0a19e4"))
  }

  @Test func `the recipe has a digest of its own`() throws {
    let sample = try SampleCheckpoint()
    let digest = SHA256.hexadecimal(SHA256.digest(Array(sample.document.recipe.utf8)))
    #expect(try attribute("sha256", of: sample.path, dataset: "recipe") == .text(digest))
  }
}
