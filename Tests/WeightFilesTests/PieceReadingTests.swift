import Testing

@testable import WeightFiles

/// Tensors that take more than one piece of a file.
@Suite struct PieceReadingTests {
  /// Numbers that differ from their neighbours, exact in half precision too.
  private static func number(_ index: Int) -> Float { Float(index % 2_039) - 1_000 }

  private static func bytes(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    for index in 0..<count {
      withUnsafeBytes(of: number(index).bitPattern.littleEndian) { bytes += $0 }
    }
    return bytes
  }

  @Test func `a tensor of several pieces keeps its order`() throws {
    let count = Storage.pieceBytes / 4 * 2 + 3
    let header = #"{"w":{"dtype":"F32","shape":[\#(count)],"data_offsets":[0,\#(4 * count)]}}"#
    let file = try ScratchFile(
      HostileSafetensorsTests.file(header, data: 0) + Self.bytes(count))
    #expect(try readAll(file.path) == ["w": (0..<count).map(Self.number)])
  }

  @Test(arguments: [
    (shape: [300, 200], strides: [1, 300]), (shape: [200, 300], strides: [300, 1]),
    (shape: [100, 3, 200], strides: [1, 100, 300]), (shape: [200, 100], strides: [300, 3]),
    (shape: [3, 20_000, 2], strides: [1, 3, 0]), (shape: [59_000, 4], strides: [1, 2]),
  ])
  func `strides of any order are honoured over many windows`(
    _ view: (shape: [Int], strides: [Int])
  ) throws {
    let count = 60_000
    let pickle = PickleBytes.make { pickle in
      pickle.entry("w") {
        $0.tensor(
          count: Int64(count), shape: view.shape.map(Int64.init),
          strides: view.strides.map(Int64.init))
      }
    }
    let file = try ScratchFile(
      ArchiveBytes(pickle: pickle, storages: [Self.bytes(count)]).bytes)
    var places = [0]
    for (size, stride) in zip(view.shape, view.strides) {
      places = places.flatMap { place in (0..<size).map { place + $0 * stride } }
    }
    #expect(try readAll(file.path) == ["w": places.map(Self.number)])
  }

  @Test func `shards of PyTorch's own format are read through their index`() throws {
    let index = try ScratchFile(
      Array(#"{"weight_map":{"w":"a.bin","v":"b.bin"}}"#.utf8), name: "pytorch_model.bin.index.json"
    )
    let folder = String(index.path.dropLast("/pytorch_model.bin.index.json".count))
    for (file, name) in [("a", "w"), ("b", "v")] {
      let pickle = PickleBytes.make { $0.entry(name) { $0.tensor() } }
      try ScratchFile.write(ArchiveBytes(pickle: pickle).bytes, to: "\(folder)/\(file).bin")
    }
    #expect(try readAll(folder) == ["w": [1, 2, 3], "v": [1, 2, 3]])
    #expect(try WeightFile.open(folder).format == .shardedTorch)
  }

  @Test func `wider numbers that are too large for Float are counted as infinite`() throws {
    let header = #"{"w":{"dtype":"F64","shape":[2],"data_offsets":[0,16]}}"#
    let wide = [1e300, 0.1].flatMap { PickleBytes.little($0.bitPattern, byteCount: 8) }
    let scratch = try ScratchFile(HostileSafetensorsTests.file(header, data: 0) + wide)
    var numbers: [Float] = [0, 0]
    let file = try WeightFile.open(scratch.path)
    let count = try numbers.withUnsafeMutableBufferPointer { try file.read("w", into: $0) }
    #expect(count == NonFiniteCount(infinite: 1))
    #expect(numbers == [.infinity, 0.1])
  }

  @Test(arguments: [
    ("U16", [UInt8](arrayLiteral: 0xFF, 0xFF), Float(65_535)),
    ("U32", [0xFF, 0xFF, 0xFF, 0xFF], 4_294_967_296),
    ("U64", [0, 0, 0, 0, 0, 0, 0, 0x80], 9_223_372_036_854_775_808),
    ("I64", [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], -2),
    ("F16", [0x01, 0x00], 0x1p-24), ("BF16", [0x80, 0x3F], 1), ("BOOL", [2], 1),
  ])
  func `an extreme of a type becomes the nearest Float`(
    _ type: String, _ bytes: [UInt8], _ expected: Float
  ) throws {
    let header = #"{"w":{"dtype":"\#(type)","shape":[],"data_offsets":[0,\#(bytes.count)]}}"#
    let file = try ScratchFile(HostileSafetensorsTests.file(header, data: 0) + bytes)
    #expect(try readAll(file.path) == ["w": [expected]])
  }
}
