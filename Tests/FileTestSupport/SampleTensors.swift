public import Checkpoints

/// Tensors that own their memory, for writing into checkpoints.
public final class SampleTensors {
  public struct Entry: Equatable, Sendable {
    public var path: String
    public var sizes: [Int]
    /// Bit patterns, because NaN differs from itself.
    public var bits: [UInt32]

    public init(path: String, sizes: [Int], bits: [UInt32]) {
      self.path = path
      self.sizes = sizes
      self.bits = bits
    }
  }

  public let entries: [Entry]
  private let buffers: [UnsafeMutableBufferPointer<Float>]

  public init(_ entries: [Entry]) {
    self.entries = entries
    buffers = entries.map { entry in
      let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: entry.bits.count)
      _ = buffer.initialize(from: entry.bits.lazy.map { Float(bitPattern: $0) })
      return buffer
    }
  }

  /// Tensors whose values are bit patterns of every kind, infinities and NaN among them.
  public convenience init(_ shapes: [(path: String, sizes: [Int])], seed: UInt64) {
    self.init(
      shapes.enumerated().map { index, shape in
        Entry(
          path: shape.path, sizes: shape.sizes,
          bits: bitPatterns(shape.sizes.reduce(1, *), seed: seed &+ UInt64(index)))
      })
  }

  public convenience init(constant: Float, count: Int, sizes: [Int]) {
    let bits = [UInt32](repeating: constant.bitPattern, count: sizes.reduce(1, *))
    self.init((0..<count).map { Entry(path: "text/blocks/\($0)/weight", sizes: sizes, bits: bits) })
  }

  deinit {
    for buffer in buffers { buffer.deallocate() }
  }

  /// Valid as long as this object is.
  public var checkpointTensors: [CheckpointTensor] {
    zip(entries, buffers).map { entry, buffer in
      CheckpointTensor(
        path: entry.path, sizes: entry.sizes, values: UnsafeBufferPointer(buffer))
    }
  }
}

/// Words that look random and depend on a seed alone.
public func bitPatterns(_ count: Int, seed: UInt64) -> [UInt32] {
  var state = seed &* 0x9E37_79B9_7F4A_7C15
  return (0..<count).map { _ in
    // Knuth's MMIX multiplier; the upper bits are the random ones.
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return UInt32(truncatingIfNeeded: state >> 32)
  }
}

extension CheckpointDocument {
  /// What a run of a small model would write.
  public static func sample(step: Int = 7) -> CheckpointDocument {
    CheckpointDocument(
      family: "chinese_clip", configuration: #"{"family":"chinese_clip","embedding_width":4}"#,
      vocabulary: Array("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n图\n\u{2028}\n".utf8),
      preprocessing: #"{"context_length":5}"#, recipe: "run: 样本\nseed: 7\n",
      toolVersion: "0.1.0-test",
      run: [
        ("step", .integer(Int64(step))), ("best_value", .real(-0.0)), ("note", .text("第一")),
      ])
  }
}
