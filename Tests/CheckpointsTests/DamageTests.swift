import Checkpoints
import FileTestSupport
import Foundation
import Testing

/// Files that are not what was written. Each is noticed, or gives exactly what was written.
@Suite struct DamageTests {
  private let sample: SampleCheckpoint
  private let whole: [UInt8]
  private let copy: String

  init() throws {
    sample = try SampleCheckpoint.small()
    whole = try sample.bytes
    copy = "\(sample.folder.path)/copy.h5"
  }

  /// What verifying other bytes finds; nothing where they give exactly what was written.
  private func findings(_ bytes: [UInt8]) throws -> [CheckpointError] {
    try sample.folder.write(bytes, to: "copy.h5")
    let findings = CheckpointReader.verify(copy)
    if findings.isEmpty {
      let reader = try CheckpointReader(copy)
      #expect(reader.sha256 == (try CheckpointReader(sample.path).sha256))
      #expect(try sample.equals(reader), "Damage went unnoticed.")
    }
    return findings
  }

  @Test func `the whole file is found whole`() throws {
    #expect(try findings(whole) == [])
  }

  @Test func `a file cut short anywhere is found to be so`() throws {
    let spread = (0..<200).map { whole.count * $0 / 200 }
    for length in Array(0...100) + spread + [whole.count - 1] {
      let found = try findings(Array(whole[..<length]))
      guard case .truncated(copy, _)? = found.first else {
        Issue.record("\(length) of \(whole.count) bytes: \(found)")
        continue
      }
    }
  }

  @Test func `bytes that follow the end are found`() throws {
    for count in [1, 8, 4_096] {
      let found = try findings(whole + [UInt8](repeating: 0, count: count))
      #expect(
        found == [
          .damaged(
            path: copy, member: "superblock",
            problem: "it ends at \(whole.count) of \(whole.count + count) bytes")
        ])
    }
  }

  /// Every bit counts: in the superblock, in headers, in indexes of chunks, in values and padding.
  @Test(arguments: [UInt8(0x01), 0x80, 0xFF])
  func `flipped bits are found wherever they are`(_ mask: UInt8) throws {
    var unnoticed: [Int] = []
    for offset in stride(from: Int(mask) % 19, to: whole.count, by: 19) {
      var bytes = whole
      bytes[offset] ^= mask
      if try findings(bytes).isEmpty { unnoticed.append(offset) }
    }
    #expect(unnoticed == [])
  }

  @Test func `blocks of zeros, of ones and from elsewhere in the file are found`() throws {
    for size in [16, 512, 4_096] {
      for offset in stride(from: 0, to: whole.count - size, by: max(size, whole.count / 40)) {
        let block = whole[offset..<(offset + size)]
        let other = (offset + whole.count / 2) % (whole.count - size)
        let replacements = [
          [UInt8](repeating: 0, count: size), [UInt8](repeating: 0xFF, count: size),
          Array(whole[other..<(other + size)]),
        ]
        for replacement in replacements where replacement != Array(block) {
          var bytes = whole
          bytes.replaceSubrange(offset..<(offset + size), with: replacement)
          _ = try findings(bytes)
        }
      }
    }
  }

  @Test func `a flipped value is found when its tensor is read`() throws {
    let tensor = sample.tensors(.parameters)[5]
    let pattern = tensor.bits.withUnsafeBytes { Data($0) }
    let range = try #require(Data(whole).range(of: pattern))
    var bytes = whole
    bytes[range.lowerBound + pattern.count / 2] ^= 0x10
    try sample.folder.write(bytes, to: "copy.h5")
    let reader = try CheckpointReader(copy)
    let member = "parameters/\(tensor.path)"
    let expected = CheckpointError.damaged(
      path: copy, member: member, problem: "its checksum is wrong or it is cut short")
    #expect(throws: expected) { try reader.bits(of: tensor.path, in: .parameters) }
    #expect(try reader.verify() == [expected])
    // The others are as they were.
    let other = sample.tensors(.parameters)[2]
    #expect(try reader.bits(of: other.path, in: .parameters) == other.bits)
  }

  @Test func `a file that its writer never closed is found to be so`() throws {
    var bytes = whole
    bytes[11] |= 1
    #expect(
      try findings(bytes)
        == [.truncated(path: copy, problem: "it was never closed by its writer")])
  }

  @Test func `a message says what was found, what was expected and what to do`() throws {
    let found = try findings(Array(whole[..<1_000]))
    #expect(
      found.first?.description == "\(copy): this file is cut short (1000 of \(whole.count) bytes). "
        + "A whole checkpoint was expected. Use an older checkpoint of the run, or copy the file "
        + "again.")
  }
}
