import Checkpoints
import FileTestSupport
import Testing

/// What a model expects of a checkpoint, held against another model's.
@Suite struct ExpectationTests {
  private let sample: SampleCheckpoint
  private let reader: CheckpointReader
  private let shapes: [(path: String, sizes: [Int])]

  init() throws {
    sample = try SampleCheckpoint.small()
    reader = try CheckpointReader(sample.path)
    shapes = SampleCheckpoint.shapes.prefix(8).reversed()
  }

  @Test func `the same model's checkpoint is taken, whatever the order`() throws {
    try reader.requireTensors(shapes, in: .parameters)
  }

  @Test func `a missing tensor is named`() {
    for path in ["a", "text/blocks/1/norm/scale", "zzz"] {
      #expect(
        throws: CheckpointError.missingMember(path: sample.path, member: "parameters/\(path)")
      ) {
        try reader.requireTensors(shapes + [(path, [1])], in: .parameters)
      }
    }
  }

  @Test func `a tensor that the model does not have is named`() {
    for path in shapes.map(\.path) {
      #expect(
        throws: CheckpointError.unexpectedMember(path: sample.path, member: "parameters/\(path)")
      ) {
        try reader.requireTensors(shapes.filter { $0.path != path }, in: .parameters)
      }
    }
  }

  @Test func `another shape is named with both`() {
    let other = shapes.map { (path: $0.path, sizes: $0.path == "one" ? [] : $0.sizes) }
    #expect(
      throws: CheckpointError.wrongShape(
        path: sample.path, member: "parameters/one", found: [1], expected: [])
    ) {
      try reader.requireTensors(other, in: .parameters)
    }
  }

  @Test func `reading into another shape or from another section is a typed error`() throws {
    let target = UnsafeMutableBufferPointer<Float>.allocate(capacity: 168)
    defer { target.deallocate() }
    target.initialize(repeating: 1)
    let word = "text/embeddings/word"
    #expect(
      throws: CheckpointError.wrongShape(
        path: sample.path, member: "parameters/\(word)", found: [21, 8], expected: [8, 21])
    ) {
      try reader.read(word, in: .parameters, sizes: [8, 21], into: target)
    }
    #expect(
      throws: CheckpointError.missingMember(
        path: sample.path, member: "optimizer/first_moment/one")
    ) {
      try reader.sizes(of: "one", in: .firstMoments)
    }
    // Nothing was put into it.
    #expect(target.allSatisfy { $0 == 1 })
  }
}
