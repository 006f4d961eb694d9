import FileTestSupport
import Testing

/// `train --profile` and `resume --profile` as a user sees them.
@Suite struct ProfileTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try TinyCheckpoint.write(withRecipeTo: folder, pairs: 8, steps: 3)
  }

  @Test func `a profile goes to standard output, as a table or as JSON`() throws {
    let json = try DuiqiProcess.run("train", "recipe.yaml", "--profile", "--json", in: folder)
    #expect(json.code == 0, "\(json.errors)")
    let object = try JSONObject(json.output)
    #expect(object.number("steps") == 2)
    let shares = object.list("operations").compactMap { $0.number("share") }
    let sum = shares.reduce(0, +)
    let accounted = try #require(object.number("accounted_share"))
    #expect(shares.count > 20 && abs(sum - accounted) < 1e-9 && sum > 0 && sum <= 1)
    let products = object.list("operations").filter { $0.number("gflops") != nil }
    #expect(products.allSatisfy { $0.number("gigabytes_per_second") == nil })
    #expect(Set(products.compactMap { $0.text("part") }) == ["image", "text", "loss"])

    // One more step of a start is none to measure; two are one.
    let table = try DuiqiProcess.run(
      "train", "recipe.yaml", "--profile", "-q", "--set", "length=5 steps", in: folder)
    #expect(table.code == 0 && table.errors == "")
    #expect(table.lines.first?.hasPrefix("Where the time of a step went, over 1 step of 8") == true)
    #expect(table.lines.last?.contains("in all") == true)
    let ended = try DuiqiProcess.run("resume", "x", "--profile", "-q", in: folder)
    #expect(ended.code == 0 && ended.output.hasPrefix("No step was taken"))
  }

  @Test func `without --profile standard output stays empty`() throws {
    let outcome = try DuiqiProcess.run("train", "recipe.yaml", in: folder)
    #expect(outcome.code == 0 && outcome.output == "")
  }
}
