import Testing
import WeightFiles

@Suite struct FixtureReadingTests {
  @Test(arguments: [
    "types.pt", "types_protocol1.pt", "types_protocol3.pt", "types_protocol4.pt",
    "types_protocol5.pt", "rebuilt_v3.pt", "types_legacy.pt", "strided.pt", "strided_legacy.pt",
    "one.pt", "one_legacy.pt", "parameters.bin", "script.pt", "not_finite.pt", "types.safetensors",
    "sharded",
  ])
  func `every tensor has the type, shape and numbers that its writer gave it`(_ name: String) throws
  {
    let file = try WeightFile.open(WeightFixtures.path(name))
    let expected = try WeightFixtures.expected(name)
    #expect(Set(file.tensors.map(\.name)) == Set(expected.keys))
    #expect(file.tensors.count == expected.count)
    for (key, tensor) in expected { try check(file, key, tensor) }
  }

  @Test(arguments: ["checkpoint.pt", "checkpoint_numpy.pt"])
  func `a training checkpoint gives its state dict, the rest beside it`(_ name: String) throws {
    let file = try WeightFile.open(WeightFixtures.path(name))
    let expected = try WeightFixtures.expected(name)
    #expect(file.stateKey == "state_dict")
    #expect(file.modulePrefix == "module.")
    #expect(Set(file.tensors.map(\.name)) == Set(expected.keys))
    for (key, tensor) in expected { try check(file, key, tensor) }
    #expect(file.otherTensors.contains { $0.name == "optimizer.state.0.exp_avg" })
    #expect(file.otherTensors.allSatisfy { $0.name.hasPrefix("optimizer.") })
    #expect(value("epoch", of: file) == .integer(7))
    #expect(value("step", of: file) == .integer(40_000))
    #expect(value("name", of: file) == .text("muge_finetune"))
    if name == "checkpoint_numpy.pt" {
      #expect(value("best", of: file) == .real(0.75))
      #expect(value("random", of: file) == .other("NumPy array"))
    }
  }

  @Test(arguments: [
    ("types.pt", WeightFile.Format.torchArchive), ("types_legacy.pt", .torchLegacy),
    ("script.pt", .torchScript), ("types.safetensors", .safetensors),
    ("sharded", .shardedSafetensors),
    ("sharded/model.safetensors.index.json", .shardedSafetensors),
  ])
  func `the format is found by the bytes`(_ name: String, _ format: WeightFile.Format) throws {
    #expect(try WeightFile.open(WeightFixtures.path(name)).format == format)
  }

  @Test(arguments: ["strided.pt", "strided_legacy.pt"])
  func `views of one storage say so and keep their strides`(_ name: String) throws {
    let file = try WeightFile.open(WeightFixtures.path(name))
    let (whole, transposed) = (try #require(file["whole"]), try #require(file["transposed"]))
    #expect(whole.sharesStorage(with: transposed))
    #expect(try !whole.sharesStorage(with: #require(file["tied"])))
    #expect(transposed.strides == [1, 5])
    #expect(try #require(file["rows"]).byteOffset == whole.byteOffset + 5 * 4)
    #expect(try #require(file["repeated"]).strides == [0, 1])
  }

  @Test func `what is not finite is counted`() throws {
    let file = try WeightFile.open(WeightFixtures.path("not_finite.pt"))
    var numbers = [Float](repeating: 0, count: 4)
    let count = try numbers.withUnsafeMutableBufferPointer { try file.read("odd", into: $0) }
    #expect(count == NonFiniteCount(notANumber: 1, infinite: 2))
    let fine = try numbers.withUnsafeMutableBufferPointer {
      try file.read("fine", into: .init(rebasing: $0[..<2]))
    }
    #expect(fine.isZero)
    #expect((count + fine) == count)
  }

  @Test func `the TorchScript module's plain attributes are listed as values`() throws {
    let file = try WeightFile.open(WeightFixtures.path("script.pt"))
    #expect(value("visual.training", of: file) == .boolean(true))
    #expect(value("sizes", of: file) == .other("a list of 2"))
    #expect(value("rates.a", of: file) == .real(0.5))
    #expect(file["visual.proj"]?.elementType == .float16)
  }

  @Test func `safetensors' own words are kept`() throws {
    #expect(
      try WeightFile.open(WeightFixtures.path("types.safetensors")).metadata == ["format": "pt"])
  }

  @Test func `a tensor that is not there is named`() throws {
    let path = WeightFixtures.path("one.pt")
    let file = try WeightFile.open(path)
    #expect(throws: WeightFileError.noSuchTensor(path: path, name: "two")) {
      try file.read("two")
    }
  }

  @Test func `one name in use by data parallel training makes no prefix`() throws {
    #expect(try WeightFile.open(WeightFixtures.path("types.pt")).modulePrefix == nil)
  }

  private func check(_ file: WeightFile, _ key: String, _ expected: WeightFixtures.Tensor) throws {
    let tensor = try #require(file[key], "\(key)")
    #expect(tensor.shape == expected.shape, "\(key)")
    #expect(torchName(tensor.elementType) == expected.dtype, "\(key)")
    let numbers = try file.read(key)
    #expect(numbers.count == expected.values.count, "\(key)")
    for (number, value) in zip(numbers, expected.values) {
      if let value { #expect(number == value, "\(key)") } else { #expect(!number.isFinite) }
    }
  }

  private func value(_ name: String, of file: WeightFile) -> PlainValue? {
    file.values.first { $0.name == name }?.value
  }

  private func torchName(_ type: ElementType) -> String {
    switch type {
    case .boolean: "bool"
    default: "\(type)"
    }
  }
}
