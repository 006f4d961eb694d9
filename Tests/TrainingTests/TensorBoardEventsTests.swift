import FileTestSupport
import Foundation
import Testing

@testable import Training

@Suite struct TensorBoardEventsTests {
  private let temporary: TemporaryFolder
  private var folder: String { temporary.path }

  init() throws {
    temporary = try TemporaryFolder()
  }

  private func bytes(of path: String) -> [UInt8] {
    FileManager.default.contents(atPath: path).map(Array.init) ?? []
  }

  /// The data of every frame, after both checks of each.
  private func records(of path: String) -> [[UInt8]] {
    var rest = bytes(of: path)[...]
    var records: [[UInt8]] = []
    while rest.count >= 12 {
      let length = rest.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
      let data = Array(rest.dropFirst(12).prefix(length))
      #expect(Array(rest.prefix(16 + length)) == TensorBoardEvents.frame(data))
      records.append(data)
      rest = rest.dropFirst(16 + length)
    }
    #expect(rest.isEmpty)
    return records
  }

  @Test(arguments: [
    ("123456789", 0xE306_9283), ("", 0), ("a", 0xC1D0_4330),
  ]) func `the check is the Castagnoli polynomial's`(text: String, expected: UInt32) {
    #expect(CRC32C.checksum(of: Array(text.utf8)) == expected)
  }

  @Test func `32 zero bytes and 32 ones have the checks of RFC 3720`() {
    #expect(CRC32C.checksum(of: [UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(CRC32C.checksum(of: [UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
  }

  @Test func `a file begins with the version record, byte for byte`() throws {
    let events = try TensorBoardEvents(folder: folder, wallTime: 1_000_000_000)
    var golden: [UInt8] = [
      0x18, 0, 0, 0, 0, 0, 0, 0, 0xA3, 0x7F, 0x4B, 0x22, 0x09, 0, 0, 0, 0, 0x65, 0xCD, 0xCD,
      0x41, 0x1A, 0x0D,
    ]
    golden += Array("brain.Event:2".utf8) + [0xF4, 0xEB, 0x19, 0x5E]
    #expect(bytes(of: events.path) == golden)
  }

  @Test func `the name holds ten digits of time, the host and the process`() throws {
    let events = try TensorBoardEvents(folder: folder, wallTime: 1_234.9)
    let name = events.path.split(separator: "/").last.map(String.init) ?? ""
    #expect(name.hasPrefix("events.out.tfevents.0000001234."))
    #expect(name.hasSuffix(".\(getpid()).0"))
  }

  @Test func `scalars of a step share one record`() throws {
    let events = try TensorBoardEvents(folder: folder, wallTime: 0)
    try events.appendScalars([("a", 1), ("b", -2)], step: 300, wallTime: 0)
    let expected: [UInt8] = [
      0x10, 0xAC, 0x02,  // step 300
      0x2A, 20,  // summary
      0x0A, 8, 0x0A, 1, 0x61, 0x15, 0, 0, 0x80, 0x3F,
      0x0A, 8, 0x0A, 1, 0x62, 0x15, 0, 0, 0, 0xC0,
    ]
    #expect(records(of: events.path).last == expected)
  }

  @Test func `a text is a string tensor of the text plugin`() throws {
    let events = try TensorBoardEvents(folder: folder, wallTime: 0)
    try events.appendText("对", tag: "r", step: 0, wallTime: 0)
    let tag = Array("r/text_summary".utf8)
    let tensor: [UInt8] = [0x08, 7, 0x12, 4, 0x12, 2, 0x08, 1, 0x42, 3] + Array("对".utf8)
    let metadata: [UInt8] = [0x0A, 6, 0x0A, 4] + Array("text".utf8)
    let value =
      [0x0A, UInt8(tag.count)] + tag + [0x42, UInt8(tensor.count)] + tensor
      + [0x4A, UInt8(metadata.count)] + metadata
    let expected = [0x2A, UInt8(value.count + 2), 0x0A, UInt8(value.count)] + value
    #expect(records(of: events.path).last == expected)
  }

  @Test func `a resumed run's file comes later and first says from which step on it counts`() throws
  {
    let first = try TensorBoardEvents(folder: folder, wallTime: 2_000)
    // The clock went back, and then the same second comes twice.
    let second = try TensorBoardEvents(folder: folder, resumingAt: 7, wallTime: 1_000)
    let third = try TensorBoardEvents(folder: folder, resumingAt: 9, wallTime: 1_000)
    #expect(first.path < second.path)
    #expect(second.path < third.path)
    let records = records(of: second.path)
    #expect(records.count == 2)
    #expect(records.last?.suffix(6) == [0x10, 7, 0x3A, 2, 0x08, 1])
  }

  @Test func `a missing folder is named`() {
    let error = #expect(throws: TensorBoardError.self) {
      try TensorBoardEvents(folder: "\(folder)/none", wallTime: 0)
    }
    #expect(error?.description.contains("\(folder)/none cannot be listed") == true)
  }

  @Test func `a full disk is an error that says so`() {
    let events = TensorBoardEvents(path: "/dev/full", descriptor: open("/dev/full", O_WRONLY))
    let error = #expect(throws: TensorBoardError.self) {
      try events.appendScalars([("a", 1)], step: 1, wallTime: 0)
    }
    #expect(error?.description.contains("/dev/full cannot be written: No space left") == true)
  }

  /// The environment that `make test` makes, or another that `DUIQI_PYTHON` names.
  private static let python: String? = {
    let root = URL(filePath: #filePath).appending(path: "../../..").standardizedFileURL.path
    let named = ProcessInfo.processInfo.environment["DUIQI_PYTHON"]
    let path = named ?? "\(root)/.venv/bin/python"
    return FileManager.default.isExecutableFile(atPath: path) ? path : nil
  }()

  @Test(.enabled(if: python != nil, "needs the interoperability environment"))
  func `TensorBoard reads the curves of a run that was resumed`() throws {
    let first = try TensorBoardEvents(folder: folder, wallTime: 100)
    try first.appendText("第一行\n\nb", tag: "recipe", step: 0, wallTime: 100)
    for step in 1...5 {
      try first.appendScalars(
        [("train/loss", Float(10 * step)), ("train/rate", 0.5)], step: step, wallTime: 101)
    }
    let second = try TensorBoardEvents(folder: folder, resumingAt: 4, wallTime: 99)
    for step in 4...6 {
      try second.appendScalars([("train/loss", Float(step))], step: step, wallTime: 102)
    }
    let script = URL(filePath: #filePath)
      .appending(path: "../../Interoperability/check_tensorboard.py").standardizedFileURL.path
    let process = Process()
    process.executableURL = URL(filePath: try #require(Self.python))
    process.arguments = [script, folder]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    let expected =
      #"{"scalars": {"train/loss": [[1, 10.0], [2, 20.0], [3, 30.0], [4, 4.0], [5, 5.0], "#
      + #"[6, 6.0]], "train/rate": [[1, 0.5], [2, 0.5], [3, 0.5]]}, "#
      + #""texts": {"recipe/text_summary": ["第一行\n\nb"]}}"#
    #expect(String(decoding: text, as: UTF8.self) == expected)
  }
}
