import Checkpoints
import DurableFiles
import FileTestSupport
import Testing

@Suite struct RoundTripTests {
  @Test func `document, parameters and moments come back bit for bit`() throws {
    let sample = try SampleCheckpoint()
    let reader = try CheckpointReader(sample.path)
    #expect(try sample.equals(reader))
    #expect(try reader.verify() == [])
    // The comparison can tell: one other bit, anywhere, is another checkpoint.
    #expect(try !SampleCheckpoint(seed: 8).equals(reader))
    #expect(try !SampleCheckpoint(document: .sample(step: 8)).equals(reader))
  }

  @Test func `a checkpoint that no run wrote has neither run nor moments`() throws {
    let folder = try TemporaryFolder()
    var document = CheckpointDocument.sample()
    document.run = nil
    document.recipe = ""
    let tensors = SampleTensors([("a", [3])], seed: 1)
    try CheckpointWriter.write(
      to: "\(folder.path)/a.h5", document: document, parameters: tensors.checkpointTensors)
    let reader = try CheckpointReader("\(folder.path)/a.h5")
    #expect(reader.document.comparable == document.comparable)
    #expect(reader.document.run == nil)
    #expect(reader.paths(in: .parameters) == ["a"])
    #expect(reader.paths(in: .firstMoments) == [])
    #expect(try reader.verify() == [])
  }

  @Test func `weights behind averages come back, in a file that older readers refuse`() throws {
    let sample = try SampleCheckpoint(isAveraged: true)
    let reader = try CheckpointReader(sample.path)
    #expect(try sample.equals(reader))
    #expect(try reader.verify() == [])
    #expect(reader.document.formatVersion == 2)
    #expect(try attribute("format_version", of: sample.path) == .integer(2))
    let other = try SampleCheckpoint()
    let plain = try CheckpointReader(other.path)
    #expect(plain.document.formatVersion == 1 && plain.paths(in: .weights).isEmpty)
  }

  @Test func `texts of any kind and length come back`() throws {
    let folder = try TemporaryFolder()
    var document = CheckpointDocument.sample()
    document.vocabulary = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    document.configuration = String(repeating: "图\u{0}\u{2028}🀄️", count: 30_000)
    document.toolVersion = ""
    document.run = [
      ("smallest", .integer(.min)), ("largest", .integer(.max)), ("empty", .text("")),
      ("long", .text(String(repeating: "长", count: 10_000))),
      ("nan", .real(Double(bitPattern: 0x7FF8_0000_0000_1234))),
      ("tiny", .real(.leastNonzeroMagnitude)),
    ]
    try CheckpointWriter.write(to: "\(folder.path)/a.h5", document: document, parameters: [])
    let reader = try CheckpointReader("\(folder.path)/a.h5")
    #expect(reader.document.comparable == document.comparable)
    #expect(try reader.verify() == [])
  }

  @Test func `a thousand tensors come back in byte order of their paths`() throws {
    let shapes = (0..<1_000).map { (path: "blocks/\($0)/weight", sizes: [$0 % 5, 3]) }
    let sample = try SampleCheckpoint(shapes: shapes)
    let reader = try CheckpointReader(sample.path)
    let first = ["blocks/0/weight", "blocks/1/weight", "blocks/10/weight"]
    #expect(Array(reader.paths(in: .parameters).prefix(3)) == first)
    #expect(try sample.equals(reader))
  }

  @Test func `the same contents give the same bytes, in whatever order they come`() throws {
    let sample = try SampleCheckpoint()
    let other = "\(sample.folder.path)/other.h5"
    var document = sample.document
    document.run?.reverse()
    try CheckpointWriter.write(
      to: other, document: document, parameters: sample.parameters.checkpointTensors.reversed(),
      firstMoments: sample.firstMoments.checkpointTensors.reversed(),
      secondMoments: sample.secondMoments.checkpointTensors.reversed())
    #expect(try sample.folder.bytes(of: "other.h5") == sample.bytes)
  }

  @Test func `a checkpoint replaces the older one of its name`() throws {
    let sample = try SampleCheckpoint()
    let other = try SampleCheckpoint(seed: 8)
    try other.write(to: sample.path)
    #expect(try other.equals(CheckpointReader(sample.path)))
    #expect(sample.folder.names() == ["step-00000007.h5"])
  }

  @Test(arguments: ["", "/a", "a/", "a//b", "A", "a b", "图", "a.b", "../a"])
  func `a path that HDF5 tools could misread is a trap`(_ path: String) async {
    await #expect(processExitsWith: .failure) { [path = path as String] in
      let value = UnsafeMutableBufferPointer<Float>.allocate(capacity: 1)
      value.initialize(repeating: 0)
      _ = CheckpointTensor(path: path, sizes: [1], values: UnsafeBufferPointer(value))
    }
  }

  @Test(arguments: [["a", "a"], ["a", "a/b"]])
  func `two tensors in one place are a trap`(_ paths: [String]) async throws {
    let folder = try TemporaryFolder()
    await #expect(processExitsWith: .failure) {
      [paths = paths as [String], folder = folder.path as String] in
      let tensors = SampleTensors(paths.map { ($0, [1]) }, seed: 1)
      try CheckpointWriter.write(
        to: "\(folder)/a.h5", document: .sample(), parameters: tensors.checkpointTensors)
    }
  }
}
