import CPUDevice
import FileTestSupport
import Testing

/// `DUIQI_INSTRUCTIONS` as a user sets it.
@Suite struct InstructionTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func run(_ level: String, _ arguments: String...) throws -> DuiqiProcess.Outcome {
    try DuiqiProcess.run(arguments, in: folder, environment: [InstructionSet.variable: level])
  }

  @Test(arguments: ["sse9", "AVX512"])
  func `what is no level of instructions is refused before anything is done`(level: String) throws {
    expectFailure(
      try run(level, "--version"), code: 2, naming: "DUIQI_INSTRUCTIONS is `\(level)`",
      "baseline, avx2, avx512")
  }

  @Test(arguments: InstructionSet.allCases.filter { $0 <= .best })
  func `the version says what is computed with, and OpenBLAS goes along`(
    level: InstructionSet
  ) throws {
    let outcome = try run(level.rawValue, "--version")
    #expect(outcome.code == 0 && outcome.errors == "" && outcome.lines.count == 2)
    let line = try #require(outcome.lines.last)
    #expect(line.hasPrefix("\(level.rawValue) instructions"))
    #expect(line.contains("DUIQI_INSTRUCTIONS") == (level < .best))
    if level < .avx512 { #expect(line.contains("products in float32; ")) }
    // Only an OpenBLAS that was built for several processors can be told.
    if CPUDevice.openBLASVersion.contains("DYNAMIC_ARCH"), level < .best {
      #expect(line.hasSuffix(" " + (try #require(level.openBLASKernels))))
    }
  }

  @Test(.enabled(if: InstructionSet.best > .baseline, "the processor has nothing to leave out"))
  func `a run that goes on with other instructions says so`() throws {
    try TinyCheckpoint.write(withRecipeTo: folder, pairs: 16, steps: 2)
    let begun = try run("baseline", "train", "recipe.yaml")
    #expect(begun.code == 0 && !begun.errors.contains("otherwise"))
    let best = InstructionSet.best.rawValue
    let goneOn = try run(best, "train", "recipe.yaml", "--set", "length=4 steps")
    #expect(goneOn.code == 0)
    #expect(
      goneOn.errors.contains(
        "This start computes otherwise than the one before it: instructions \(best), baseline "
          + "before. "))
  }

  @Test(.enabled(if: InstructionSet.best > .baseline, "the processor has nothing to leave out"))
  func `a run without AVX learns the same, in Float32, and says so`() throws {
    try TinyCheckpoint.write(withRecipeTo: folder, pairs: 16, steps: 6)
    func losses(_ level: InstructionSet, _ precision: String) throws -> [Double] {
      let outcome = try run(
        level.rawValue, "train", "recipe.yaml", "--root", level.rawValue,
        "--set", "precision=\(precision)")
      #expect(outcome.code == 0, "\(outcome.errors)")
      let note =
        ProductFormat.bfloat16.isSupported
        ? "DUIQI_INSTRUCTIONS=\(level.rawValue) leaves out bfloat16 products, which this processor "
          + "has; float32 is used"
        : "this processor has no bfloat16 products, float32 is used"
      #expect(outcome.errors.contains(note) == (precision == "bfloat16"))
      let logs = "\(level.rawValue)/logs/x"
      let environment = try JSONObject(try folder.text(of: "\(logs)/environment.json"))
      #expect(environment.text("instructions") == level.rawValue)
      #expect(environment.text("products") == "float32")
      #expect(try folder.text(of: "\(logs)/run.log").contains("\(level.rawValue) instructions"))
      return try folder.text(of: "\(logs)/metrics.jsonl").split(separator: "\n").compactMap {
        try JSONObject(String($0)).number("loss")
      }
    }
    let expected = try losses(.best, "float32")
    let found = try losses(.baseline, "bfloat16")
    #expect(expected.count == 6 && found.count == 6)
    #expect(zip(expected, found).allSatisfy { abs($0 - $1) < 1e-4 }, "\(expected), \(found)")
    // Multiply and add are not fused there, so the last bits are others.
    #expect(
      try folder.bytes(of: "\(InstructionSet.best.rawValue)/checkpoints/x/last.h5")
        != folder.bytes(of: "baseline/checkpoints/x/last.h5"))
  }
}
