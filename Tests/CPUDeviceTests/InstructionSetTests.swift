import FileTestSupport
import Foundation
import Testing

@testable import CPUDevice

/// The level of instructions that a process uses.
@Suite struct InstructionSetTests {
  @Test func `a process uses what it was asked for, else all that its processor has`() {
    let wanted = InstructionSet.wanted.map { InstructionSet(rawValue: $0) }
    #expect(InstructionSet.current == wanted ?? .best)
    #expect(ProductFormat.bfloat16.isSupported ? InstructionSet.current == .avx512 : true)
    #expect(PanelProduct.isFast == (InstructionSet.current == .avx512))
  }

  @Test func `what is no level, or more than the processor has, is refused`() throws {
    try InstructionSet.check(nil, best: .baseline)
    for level in InstructionSet.allCases {
      try InstructionSet.check(level.rawValue, best: level)
      try InstructionSet.check(level.rawValue, best: .avx512)
    }
    #expect(throws: InstructionError.missingInstructions(wanted: .avx512, best: .avx2)) {
      try InstructionSet.check("avx512", best: .avx2)
    }
    #expect(throws: InstructionError.missingInstructions(wanted: .avx2, best: .baseline)) {
      try InstructionSet.check("avx2", best: .baseline)
    }
    for text in ["sse9", "AVX2", "avx2 ", "avx5120"] {
      #expect(throws: InstructionError.unknownLevel(found: text)) {
        try InstructionSet.check(text, best: .avx512)
      }
    }
  }
}

/// The tests of numbers, in a process of their own for each level below the processor's best.
///
/// There everything goes down: our loops and products, BF16, OpenBLAS, the resampling of pictures.
@Suite(.enabled(if: InstructionSet.wanted == nil, "runs in a process that is not forced down"))
struct ForcedInstructionsTests {
  /// Loops against Double, a run against its committed losses, pictures against Pillow's bytes.
  private static let filters = [
    "KernelTests", "InstructionSetTests", "GoldenLossTests.*committed", "PillowPixelTests",
  ]

  @Test(arguments: InstructionSet.allCases.filter { $0 < .best })
  func `loops, losses and pictures keep their bounds with fewer instructions`(
    level: InstructionSet
  ) throws {
    let folder = try TemporaryFolder()
    let output = try folder.write([], to: "output")
    let process = Process()
    process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments =
      ["--testing-library", "swift-testing"] + Self.filters.flatMap { ["--filter", $0] }
    process.environment = ProcessInfo.processInfo.environment.merging([
      InstructionSet.variable: level.rawValue,
      InstructionSet.openBLASVariable: try #require(level.openBLASKernels),
    ]) { $1 }
    process.standardOutput = try FileHandle(forWritingTo: URL(filePath: output))
    process.standardError = process.standardOutput
    try process.run()
    process.waitUntilExit()
    let text = try folder.text(of: "output")
    let count = try #require(text.firstMatch(of: #/Test run with (\d+) tests/#)?.1)
    #expect(process.terminationStatus == 0, "\(text.suffix(4_000))")
    // A filter that finds nothing passes too.
    #expect(try #require(Int(count)) > 40)
    #expect(text.contains("the committed losses are found again"))
  }
}
