import Foundation
import Testing

@testable import WeightFiles

/// Files that are written here, read back here; PyTorch and safetensors read them in Tests/Peers.
@Suite struct DraftTests {
  enum Form: String, CaseIterable {
    case safetensors
    case torchArchive

    func draft(_ path: String, _ tensors: [AnnouncedTensor]) throws -> any WeightDraft {
      switch self {
      case .safetensors:
        try SafetensorsDraft(path, tensors: tensors, metadata: ["format": "pt", "é": "\"\n"])
      case .torchArchive:
        try TorchArchiveDraft(
          path, values: [("epoch", .integer(7)), ("name", .text("“名”"))], stateKey: "state_dict",
          tensors: tensors)
      }
    }
  }

  private static let tensors = [
    AnnouncedTensor(name: "module.scalar", shape: []),
    AnnouncedTensor(name: "module.empty", shape: [0, 4]),
    AnnouncedTensor(name: "module.none", shape: [3, 0]),
    AnnouncedTensor(name: "module.matrix", shape: [5, 7]),
    AnnouncedTensor(name: "module.\"quoted\" é", shape: [2, 3, 4, 1]),
    AnnouncedTensor(name: "module.long", shape: [70_000]),
    AnnouncedTensor(name: "module.count", shape: [], form: .int64),
    AnnouncedTensor(name: "module.counts", shape: [3, 30], form: .int64),
    AnnouncedTensor(name: "module.after", shape: [2]),
    AnnouncedTensor(name: "module.last", shape: [0]),
  ]

  private static func numbers(_ tensor: AnnouncedTensor) -> [Float] {
    let step: Float = tensor.form == .int64 ? 1_048_576 : 0.5
    return (0..<tensor.elementCount).map { Float($0) * step - Float(tensor.name.utf8.count) }
  }

  /// Writes in parts of at most 33 numbers.
  private func write(_ form: Form, to path: String) throws {
    let draft = try form.draft(path, Self.tensors)
    for tensor in Self.tensors {
      let numbers = Self.numbers(tensor)
      for start in stride(from: 0, to: numbers.count, by: 33) {
        try Array(numbers[start..<min(start + 33, numbers.count)])
          .withUnsafeBufferPointer { part in try draft.add(part) }
      }
    }
    try draft.publish()
  }

  private func names(beside file: ScratchFile) throws -> [String] {
    try FileManager.default.contentsOfDirectory(
      atPath: URL(filePath: file.path).deletingLastPathComponent().path)
  }

  @Test(arguments: Form.allCases)
  func `what a draft wrote is read back`(_ form: Form) throws {
    let scratch = try ScratchFile([])
    try write(form, to: scratch.path)
    let file = try WeightFile.open(scratch.path)
    #expect("\(file.format)" == form.rawValue)
    #expect(file.tensors.map(\.name) == Self.tensors.map(\.name))
    #expect(file.tensors.map(\.shape) == Self.tensors.map(\.shape))
    #expect(file.tensors.map(\.elementType) == Self.tensors.map(\.elementType))
    #expect(file.tensors.filter { $0.elementType == .int64 }.count == 2)
    for tensor in Self.tensors {
      #expect(try file.read(tensor.name) == Self.numbers(tensor))
    }
    #expect(try names(beside: scratch) == ["scratch.pt"])
    switch form {
    case .safetensors:
      #expect(file.metadata == ["format": "pt", "é": "\"\n"])
      #expect(file.tensors[0].byteOffset % 8 == 0)
    case .torchArchive:
      #expect(file.stateKey == "state_dict" && file.modulePrefix == "module.")
      #expect(
        file.values == [
          NamedValue(name: "epoch", value: .integer(7)),
          NamedValue(name: "name", value: .text("“名”")),
        ])
      #expect(file.tensors.allSatisfy { $0.byteOffset % 64 == 0 })
    }
  }

  @Test(arguments: Form.allCases)
  func `the same numbers are the same bytes`(_ form: Form) throws {
    let files = try [ScratchFile([]), ScratchFile([])]
    for file in files { try write(form, to: file.path) }
    let contents = try files.map { try Data(contentsOf: URL(filePath: $0.path)) }
    #expect(contents[0] == contents[1] && contents[0].count > 280_000)
  }

  @Test(arguments: Form.allCases)
  func `an unpublished draft leaves what was there`(_ form: Form) throws {
    let scratch = try ScratchFile([1, 2, 3])
    do {
      let draft = try form.draft(scratch.path, Self.tensors)
      try [Float(1)].withUnsafeBufferPointer { try draft.add($0) }
      #expect(try names(beside: scratch).count == 2)
    }
    #expect(try names(beside: scratch) == ["scratch.pt"])
    #expect(try Array(Data(contentsOf: URL(filePath: scratch.path))) == [1, 2, 3])
  }

  @Test(arguments: Form.allCases, [0.5, .nan, .infinity, 0x1p63] as [Float])
  func `a count that is no whole number is refused, and nothing is left`(
    _ form: Form, _ number: Float
  ) throws {
    let scratch = try ScratchFile([1])
    do {
      let draft = try form.draft(
        scratch.path, [AnnouncedTensor(name: "count", shape: [2], form: .int64)])
      try [Float(7)].withUnsafeBufferPointer { try draft.add($0) }
      #expect {
        try [number].withUnsafeBufferPointer { try draft.add($0) }
      } throws: { error in
        guard case .notWhole(scratch.path, "count", let found)? = error as? WeightFileError else {
          return false
        }
        return found.bitPattern == number.bitPattern
      }
    }
    #expect(try names(beside: scratch) == ["scratch.pt"])
  }

  @Test func `a flipped bit of a written archive is noticed`() throws {
    let scratch = try ScratchFile([])
    try write(.torchArchive, to: scratch.path)
    var bytes = try Array(Data(contentsOf: URL(filePath: scratch.path)))
    let place = try #require(try WeightFile.open(scratch.path)["module.long"]).byteOffset
    bytes[place + 1_000] ^= 4
    guard case .failure(.malformed) = try outcome(of: bytes) else {
      Issue.record("it was read")
      return
    }
  }

  @Test(arguments: [0, 1, 255, 256, 65_535, 65_536, 1 << 31, -1, -(1 << 40), Int.max])
  func `whole numbers of any size are read back`(_ number: Int) throws {
    let scratch = try ScratchFile([])
    let draft = try TorchArchiveDraft(
      scratch.path, values: [("n", .integer(number))], stateKey: "state_dict",
      tensors: [AnnouncedTensor(name: "w", shape: [0])])
    try draft.publish()
    let value = try WeightFile.open(scratch.path).values.first?.value
    #expect(value == .integer(Int64(number)))
  }

  @Test(arguments: ["whole", "transposed", "columns", "permuted", "repeated", "tied"])
  func `some rows are those of the whole tensor`(_ name: String) throws {
    let file = try WeightFile.open(WeightFixtures.path("strided.pt"))
    let tensor = try #require(file[name])
    let all = try file.read(name)
    let width = all.count / tensor.shape[0]
    for first in 0...tensor.shape[0] {
      for end in first...tensor.shape[0] {
        var rows = [Float](repeating: .nan, count: (end - first) * width)
        try rows.withUnsafeMutableBufferPointer { rows in
          _ = try file.read(name, rows: first..<end, into: rows)
        }
        #expect(rows == Array(all[first * width..<end * width]))
      }
    }
  }
}
