import CHDF5
import CPUDevice
import FileTestSupport
import Testing

@testable import Checkpoints

/// Reading all of a checkpoint at once, verified on the way.
@Suite struct RestoringTests {
  /// How the three tasks come to run.
  enum Order: Int, CaseIterable {
    case forward, backward, together
  }

  /// Memory for all tensors of a sample, with something else in it.
  private final class Targets {
    let places: [TensorPlace]

    init(_ sample: SampleCheckpoint) {
      places = CheckpointSection.allCases.flatMap { section in
        sample.tensors(section).map { tensor in
          let target = UnsafeMutableBufferPointer<Float>.allocate(capacity: tensor.bits.count)
          target.initialize(repeating: -3)
          return TensorPlace(tensor.path, in: section, sizes: tensor.sizes, target: target)
        }
      }
    }

    deinit {
      for place in places { place.target.deallocate() }
    }

    func restore(_ path: String, _ order: Order = .forward) throws {
      try CheckpointReader(path).restore(places.shuffled()) { count, body in
        switch order {
        case .forward: for task in 0..<count { body(task) }
        case .backward: for task in (0..<count).reversed() { body(task) }
        case .together: ThreadPool(threadCount: 3).run(taskCount: count, body)
        }
      }
    }

    /// Whether each place has what was written.
    func have(_ sample: SampleCheckpoint) -> Bool {
      places.allSatisfy { place in
        let expected = sample.tensors(place.section).first { $0.path == place.path }?.bits
        return place.target.map(\.bitPattern) == expected
      }
    }
  }

  @Test(arguments: Order.allCases, [false, true])
  func `all tensors come as they were written`(_ order: Order, _ isAveraged: Bool) throws {
    let sample = try SampleCheckpoint(isAveraged: isAveraged)
    let targets = Targets(sample)
    try targets.restore(sample.path, order)
    #expect(targets.have(sample))
  }

  @Test func `chunks of another kind are read too, and found to be other values`() throws {
    let sample = try SampleCheckpoint.small()
    let values = (0..<168).map { Float($0) }
    try edit(sample.path) { file in
      Replacement(sizes: [21, 8], chunk: [5, 3])
        .put(values, at: "/parameters/text/embeddings/word", in: file)
    }
    let targets = Targets(sample)
    let error = #expect(throws: CheckpointError.self) { try targets.restore(sample.path) }
    #expect(error?.description.contains("differ from `sha256`") == true)
    let place = targets.places.first { $0.path == "text/embeddings/word" }
    #expect(place?.target.map { $0 } == values)
  }

  /// Whatever bit it is, reading says so at least as soon as verifying.
  @Test(arguments: Order.allCases)
  func `flipped bits are found wherever they are`(_ order: Order) throws {
    let sample = try SampleCheckpoint.small(isAveraged: true)
    let whole = try sample.bytes
    let targets = Targets(sample)
    let copy = "\(sample.folder.path)/copy.h5"
    for offset in stride(from: 31 * order.rawValue, to: whole.count, by: 97) {
      var bytes = whole
      bytes[offset] ^= 1 << UInt8(offset % 8)
      try sample.folder.write(bytes, to: "copy.h5")
      #expect(throws: CheckpointError.self, "byte \(offset)") { try targets.restore(copy, order) }
    }
    try sample.folder.write(whole, to: "copy.h5")
    #expect(throws: Never.self) { try targets.restore(copy, order) }
  }

  @Test(arguments: ["sha256", "optimizer_sha256"])
  func `another digest is found, each by its own tensors`(_ name: String) throws {
    let sample = try SampleCheckpoint.small()
    try replaceAttribute(name, of: sample.path, with: .text(String(repeating: "0", count: 64)))
    let targets = Targets(sample)
    let error = #expect(throws: CheckpointError.self) { try targets.restore(sample.path) }
    #expect(error?.description.contains("`\(name)`") == true)
  }

  @Test func `a model with other tensors is refused`() throws {
    let sample = try SampleCheckpoint.small()
    let reader = try CheckpointReader(sample.path)
    let targets = Targets(sample)
    func error(_ places: [TensorPlace]) -> CheckpointError? {
      #expect(throws: CheckpointError.self) {
        try reader.restore(places) { count, body in for task in 0..<count { body(task) } }
      }
    }
    let first = try #require(targets.places.first)
    #expect(
      error(Array(targets.places.dropFirst()))
        == .unexpectedMember(path: sample.path, member: "parameters/\(first.path)"))
    let other = TensorPlace("zzz", in: .firstMoments, sizes: first.sizes, target: first.target)
    #expect(
      error(targets.places + [other])
        == .missingMember(path: sample.path, member: "optimizer/first_moment/zzz"))
    let turned = TensorPlace(
      first.path, in: .parameters, sizes: [1] + first.sizes, target: first.target)
    #expect(
      error([turned] + targets.places.dropFirst())
        == .wrongShape(
          path: sample.path, member: "parameters/\(first.path)", found: first.sizes,
          expected: [1] + first.sizes))
  }
}
