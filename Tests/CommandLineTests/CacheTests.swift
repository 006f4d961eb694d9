import CPUDevice
import DurableFiles
import FileTestSupport
import Foundation
import Testing

@Suite struct CacheTests {
  let folder: TemporaryFolder
  let checkpoint: String

  init() throws {
    folder = try TemporaryFolder()
    checkpoint = try TinyCheckpoint.write(to: folder)
  }

  /// Copies a shipped shard of 271 pictures, or the one of 1,442.
  private func shard(_ name: String = "validation.tar") throws -> String {
    let path = "\(folder.path)/shards/\(name)"
    try Folder.create("\(folder.path)/shards")
    try FileManager.default.copyItem(atPath: "\(RepositoryFiles.emoji)/\(name)", toPath: path)
    return path
  }

  private func cache(_ more: String...) throws -> DuiqiProcess.Outcome {
    try DuiqiProcess.run(["cache", checkpoint, "--shards"] + more, in: folder)
  }

  /// What the command says of the pictures, and of the captions behind them.
  private func report(_ output: String, _ place: Int = 0) throws -> JSONObject {
    let reports = try JSONObject(output).list("cached")
    try #require(reports.count > place)
    return reports[place]
  }

  /// The only published file.
  private func file() throws -> String {
    let names = folder.names(in: "shards/.duiqi-cache").filter { $0.hasSuffix(".embeddings") }
    return "shards/.duiqi-cache/\(try #require(names.first))"
  }

  @Test func `pictures are encoded once, and the report says what was done`() throws {
    let shard = try shard()
    let first = try cache(shard, "--quiet", "--json")
    #expect(first.code == 0 && first.errors == "")
    let made = try report(first.output)
    let count = made.number("count")
    #expect(made.number("encoded") == count && made.number("reused") == 0 && count == 271)
    #expect(made.number("per_second") != 0 && made.number("kept") == 1)
    #expect(made.number("bytes") == Double(try folder.bytes(of: try file()).count))
    let second = try cache(shard)
    #expect(second.code == 0)
    #expect(second.output.hasPrefix("271 pictures: 271 from the cache; "))
    #expect(second.output.hasSuffix(" MiB in \(folder.path)/shards/.duiqi-cache\n"))
    // Another precision is another file, where the processor has it.
    let rounded = try cache(shard, "--quiet", "--json", "--precision", "bfloat16")
    let isRounded = try report(rounded.output).number("encoded") == count
    let names = folder.names(in: "shards/.duiqi-cache").filter { $0.hasSuffix(".embeddings") }
    #expect(rounded.code == 0 && names.count == (isRounded ? 2 : 1))
  }

  @Test(.enabled(if: InstructionSet.best > .baseline, "the processor has nothing to leave out"))
  func `what another processor computed is left alone, and encoded again`() throws {
    let shard = try shard()
    func encodedCount(_ level: InstructionSet) throws -> Double? {
      let outcome = try DuiqiProcess.run(
        ["cache", checkpoint, "--shards", shard, "--quiet", "--json"], in: folder,
        environment: [InstructionSet.variable: level.rawValue])
      #expect(outcome.code == 0 && outcome.errors == "")
      return try report(outcome.output).number("encoded")
    }
    #expect(try encodedCount(.best) == 271)
    let own = try folder.bytes(of: try file())
    #expect(try encodedCount(.baseline) == 271)
    #expect(try encodedCount(.best) == 0)
    #expect(try encodedCount(.baseline) == 0)
    let files = try folder.names(in: "shards/.duiqi-cache")
      .filter { $0.hasSuffix(".embeddings") }
      .map { try folder.bytes(of: "shards/.duiqi-cache/\($0)") }
    #expect(files.count == 2 && files.contains(own))
  }

  @Test func `captions and views have files of their own`() throws {
    let shard = try shard()
    let first = try cache(
      shard, "--quiet", "--json", "--texts", "--captions", "zh", "--views", "2",
      "--augmentation", "roll(2)")
    #expect(first.code == 0 && first.errors == "")
    #expect(try report(first.output).number("encoded") == 2 * 271)
    let captions = try report(first.output, 1)
    let count = try #require(captions.number("encoded"))
    #expect(captions.text("content") == "captions" && count > 271)
    let names = folder.names(in: "shards/.duiqi-cache").filter { $0.hasSuffix(".embeddings") }
    #expect(names.count == 3)
    let second = try cache(shard, "--texts", "--captions", "zh")
    #expect(second.lines.first?.hasPrefix("271 pictures: 271 encoded") == true)
    #expect(
      second.lines.last?.hasPrefix("\(Int(count)) captions: \(Int(count)) from the cache") == true)
    for wrong in [["--views", "2"], ["--views", "0", "--augmentation", "roll(2)"]] {
      let refused = try DuiqiProcess.run(
        ["cache", checkpoint, "--shards", shard] + wrong, in: folder)
      expectFailure(refused, code: 2, naming: "--views")
    }
  }

  @Test(arguments: [SIGKILL, SIGINT, SIGTERM])
  func `a stopped command is gone on with and leaves the same file`(signal: Int32) throws {
    let shard = try shard("train.tar")
    #expect(try cache(shard, "--quiet").code == 0)
    let whole = try folder.bytes(of: try file())
    try folder.remove("shards/.duiqi-cache")
    let process = try DuiqiProcess.prepared(["cache", checkpoint, "--shards", shard], in: folder)
    process.standardError = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    var size = 0
    // Ends with a failure rather than never.
    for _ in 0..<60_000 where size < 20_000 {
      let names = folder.names(in: "shards/.duiqi-cache").filter { $0.hasSuffix(".partial") }
      size =
        names.first.flatMap {
          Folder.fileBytes(at: "\(folder.path)/shards/.duiqi-cache/\($0)")
        } ?? 0
      usleep(500)
    }
    kill(process.processIdentifier, signal)
    process.waitUntilExit()
    #expect(process.terminationStatus == (signal == SIGKILL ? SIGKILL : 128 + signal))
    #expect(!folder.names(in: "shards/.duiqi-cache").contains { $0.hasSuffix(".embeddings") })
    let rest = try report(try cache(shard, "--quiet", "--json").output)
    let (reused, encoded) = (rest.number("reused") ?? 0, rest.number("encoded") ?? 0)
    #expect(reused > 0 && encoded > 0 && reused + encoded == 1_442)
    #expect(try folder.bytes(of: try file()) == whole)
    #expect(!folder.names(in: "shards/.duiqi-cache").contains { $0.hasSuffix(".partial") })
  }

  @Test func `a folder that is deleted meanwhile is made again, whoever else encodes`() throws {
    let shard = try shard("train.tar")
    #expect(try cache(shard, "--quiet").code == 0)
    let whole = try folder.bytes(of: try file())
    try folder.remove("shards/.duiqi-cache")
    func start() throws -> Process {
      let process = try DuiqiProcess.prepared(["cache", checkpoint, "--shards", shard], in: folder)
      process.standardError = FileHandle.nullDevice
      process.standardOutput = FileHandle.nullDevice
      try process.run()
      return process
    }
    let first = try start()
    // Ends with a failure rather than never.
    for _ in 0..<60_000 {
      if folder.names(in: "shards/.duiqi-cache").contains(where: isPartial) { break }
      usleep(500)
    }
    try folder.remove("shards/.duiqi-cache")
    let second = try start()
    for process in [first, second] {
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
    }
    #expect(try folder.bytes(of: try file()) == whole)
    #expect(!folder.names(in: "shards/.duiqi-cache").contains(where: isPartial))
  }

  private func isPartial(_ name: String) -> Bool { name.hasSuffix(".partial") }

  @Test func `shards whose names differ by their ending alone keep a file each`() throws {
    let pictures = try SampleShard.pictures(5)
    let pairs = pictures.enumerated().map { ("pair\($0)", $1, "文字") }
    let shards = [
      try SampleShard.write(Array(pairs[..<2]), to: folder, name: "shards/a.tar"),
      try SampleShard.write(Array(pairs[2...]), to: folder, name: "shards/a"),
    ]
    for count in [0.0, 5.0] {
      let outcome = try cache(shards[0], shards[1], "--quiet", "--json")
      #expect(outcome.code == 0 && outcome.errors == "")
      #expect(try report(outcome.output).number("reused") == count)
    }
  }

  @Test func `captions that cannot be used are counted, a wrong name is refused at once`() throws {
    let shard = try shard()
    expectFailure(
      try cache(shard, "--texts", "--captions", "zhh"), code: 2,
      naming: "no pair has a caption field `zhh`")
    #expect(folder.names(in: "shards") == ["validation.tar"])
    let pictures = try SampleShard.pictures(4)
    let pairs = pictures.enumerated().map { ("pair\($0)", $1, $0 == 2 ? " " : "文字") }
    let own = try SampleShard.write(pairs, to: folder, name: "shards/own.tar")
    let options = ["--texts", "--captions", "txt"]
    func run(_ more: String...) throws -> DuiqiProcess.Outcome {
      try DuiqiProcess.run(["cache", checkpoint, "--shards", own] + options + more, in: folder)
    }
    expectFailure(try run(), code: 1, naming: "found 1 damaged pair among 4", "`pair2`")
    let some = try run("--damage-limit", "25 %")
    #expect(some.code == 0 && some.errors.contains("skipped") && some.errors.contains("`pair2`"))
    #expect(some.lines.last?.hasPrefix("3 captions: 3 encoded") == true)
  }

  @Test func `two commands at once make one whole file`() throws {
    let shard = try shard()
    let processes = try (0..<2).map { _ in
      let process = try DuiqiProcess.prepared(
        ["cache", checkpoint, "--shards", shard], in: folder)
      process.standardError = FileHandle.nullDevice
      process.standardOutput = FileHandle.nullDevice
      try process.run()
      return process
    }
    for process in processes {
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
    }
    let path = try file()
    let verified = try DuiqiProcess.run("verify", path, in: folder)
    #expect(verified.code == 0 && verified.output == "\(path): whole, cache\n")
    let again = try report(try cache(shard, "--quiet", "--json").output)
    #expect(again.number("reused") == 271)
    #expect(!folder.names(in: "shards/.duiqi-cache").contains { $0.hasSuffix(".partial") })
  }

  /// A file in the way of the folder is as good as a folder that may not be written.
  @Test func `where nothing can be kept beside the shards, the user's cache takes it`() throws {
    let shard = try shard()
    try folder.write("in the way", to: "shards/.duiqi-cache")
    func run(_ cache: String) throws -> (code: Int32, output: String, errors: String) {
      let process = try DuiqiProcess.prepared(
        ["cache", checkpoint, "--shards", shard, "--json"], in: folder)
      process.environment?["XDG_CACHE_HOME"] = cache
      process.environment?["HOME"] = nil
      let (output, errors) = (Pipe(), Pipe())
      (process.standardOutput, process.standardError) = (output, errors)
      try process.run()
      let text = output.fileHandleForReading.readDataToEndOfFile()
      let complaint = errors.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      return (
        process.terminationStatus, String(decoding: text, as: UTF8.self),
        String(decoding: complaint, as: UTF8.self)
      )
    }
    let kept = try run("\(folder.path)/xdg")
    #expect(kept.code == 0 && kept.output.contains("\"\(folder.path)/xdg/duiqi/embeddings/"))
    #expect(try report(try run("\(folder.path)/xdg").output).number("reused") == 271)
    // Nowhere: a message names all places, before the work and at its end.
    let beside = "shards/.duiqi-cache: cannot create: Not a directory"
    for (cache, other) in [("relative", nil), ("/proc/none", "; /proc/none: cannot create: No ")] {
      let refused = try run(cache)
      #expect(refused.code == 1)
      let complaints = refused.errors.split(separator: "\n").filter { $0.contains("cannot create") }
      #expect(complaints.count == 2, "\(refused.errors)")
      #expect(complaints.first?.hasPrefix("not kept: ") == true, "\(refused.errors)")
      for complaint in complaints {
        #expect(complaint.contains(beside) && (other.map(complaint.contains) ?? true))
      }
      let unkept = try report(refused.output)
      #expect(unkept.number("encoded") == 271 && unkept.number("kept") == 0)
    }
  }

  @Test func `a stopped command that keeps nothing says so, and why before it encodes`() throws {
    let shard = try shard("train.tar")
    try folder.write("in the way", to: "shards/.duiqi-cache")
    let process = try DuiqiProcess.prepared(["cache", checkpoint, "--shards", shard], in: folder)
    process.environment?["XDG_CACHE_HOME"] = "relative"
    process.environment?["HOME"] = nil
    process.standardError = try FileHandle(
      forWritingTo: URL(filePath: try folder.write([], to: "errors")))
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    // Ends with a failure rather than never.
    for _ in 0..<60_000 where process.isRunning {
      if try folder.text(of: "errors").contains("cannot create") { break }
      usleep(500)
    }
    kill(process.processIdentifier, SIGINT)
    process.waitUntilExit()
    #expect(process.terminationStatus == 128 + SIGINT)
    let lines = try folder.text(of: "errors").split(separator: "\n")
    let reason = lines.first { $0.contains("shards/.duiqi-cache: cannot create: Not a directory") }
    #expect(reason?.hasPrefix("not kept: ") == true, "\(lines)")
    #expect(lines.last?.hasPrefix("stopped; nothing is kept: ") == true, "\(lines)")
  }

  @Test func `a run that can keep nothing says so once, before it encodes`() throws {
    let shard = try shard()
    try folder.write("in the way", to: "shards/.duiqi-cache")
    try TinyCheckpoint.write(withRecipeTo: folder, pairs: 8, steps: 1)
    let settings = [
      "data.train=\(shard)", "data.validation=\(shard)", "data.augmentation=none",
      #"model.train=["image/**: locked", "**: trained"]"#, "validate={every: 1 steps}",
    ]
    let outcome = try DuiqiProcess.run(
      ["train", "recipe.yaml"] + settings.flatMap { ["--set", $0] }, in: folder,
      environment: ["XDG_CACHE_HOME": "relative", "HOME": "relative"])
    #expect(outcome.code == 0, "\(outcome.errors)")
    let lines = outcome.errors.split(separator: "\n")
    let reasons = lines.indices.filter { lines[$0].contains("cannot create: Not a directory") }
    let work = try #require(lines.firstIndex { $0.contains("Encoding pictures with the locked") })
    #expect(reasons.count == 1 && reasons[0] < work, "\(outcome.errors)")
  }

  /// A folder in the lock's place keeps everybody from writing, the superuser too.
  @Test func `beside a copy's old file that cannot be written, the user's new one counts`() throws {
    let shard = try shard()
    func run() throws -> DuiqiProcess.Outcome {
      try DuiqiProcess.run(
        ["cache", checkpoint, "--shards", shard, "--json"], in: folder,
        environment: ["XDG_CACHE_HOME": "\(folder.path)/xdg"])
    }
    #expect(try run().code == 0)
    let key = try #require(try file().split(separator: ".").dropLast().last)
    let lock = "\(folder.path)/shards/.duiqi-cache/\(key).lock"
    try? FileManager.default.removeItem(atPath: lock)
    try Folder.create(lock)
    // Another file with the same pictures.
    let bytes = try folder.bytes(of: "shards/validation.tar")
    try folder.remove("shards/validation.tar")
    try folder.write(bytes, to: "shards/validation.tar")
    let first = try run()
    #expect(first.code == 0 && first.output.contains("the shard was written since"))
    for _ in 0..<2 {
      let next = try run()
      #expect(next.code == 0 && next.output.contains("\"problems\": []"), "\(next.output)")
      #expect(try report(next.output).number("reused") == 271)
    }
  }

  @Test func `a cache file is looked into and verified like others`() throws {
    _ = try cache(try shard(), "--quiet")
    let path = try file()
    let shown = try JSONObject(try DuiqiProcess.run("inspect", path, "--json", in: folder).output)
    #expect(shown.text("kind") == "cache" && shown.number("row_count") == 271)
    #expect(shown.number("width") == Double(TinyCheckpoint.width))
    #expect(shown.number("block_count") == 9 && shown.number("good_block_count") == 9)
    #expect(shown.list("rows").count == 271)
    var bytes = try folder.bytes(of: path)
    bytes[bytes.count / 2] ^= 1
    // Known by its first bytes too.
    try folder.write(bytes, to: "renamed")
    let damaged = try DuiqiProcess.run("verify", path, "renamed", in: folder)
    #expect(damaged.code == 1)
    #expect(damaged.lines == ["\(path): whole, cache", "renamed: damaged, cache"])
    #expect(damaged.errors.contains("renamed: 1 of 9 blocks are damaged"))
    #expect(try DuiqiProcess.run("inspect", "renamed", in: folder).output.contains("blocks are"))
  }

  @Test func `what a stopped command left is called unfinished, and one thing is said to do`()
    throws
  {
    _ = try cache(try shard(), "--quiet")
    let bytes = try folder.bytes(of: try file())
    try folder.write(Array(bytes[..<(bytes.count / 2)]), to: "a.embeddings.partial")
    let outcome = try DuiqiProcess.run("verify", "a.embeddings.partial", in: folder)
    #expect(outcome.code == 1 && outcome.lines == ["a.embeddings.partial: unfinished, cache"])
    #expect(outcome.errors.contains("Whatever uses it makes again what it lacks"))
    #expect(outcome.errors.contains("1 of 1 file is not whole"))
    #expect(!outcome.errors.contains("damaged") && !outcome.errors.contains("Nothing need"))
  }

  @Test(.enabled(if: InteroperabilityScript.isAvailable, "needs the interoperability environment"))
  func `another program reads what embed computes`() throws {
    let shard = try shard()
    _ = try cache(shard, "--quiet")
    let embedded = try DuiqiProcess.run(
      "embed", checkpoint, "--shards", shard, "--output", "out", in: folder)
    #expect(embedded.code == 0)
    let (isGood, report) = try InteroperabilityScript.run(
      "read_embedding_cache.py", "\(folder.path)/\(try file())",
      "\(folder.path)/out/image_embeddings.npy")
    #expect(isGood && report.contains("\"content\": \"pictures\""), "\(report)")
  }

  @Test func `what is wrong with the request is said before anything is made`() throws {
    expectFailure(
      try cache("none-*.tar"), code: 2, naming: "none-*.tar")
    let shard = try shard()
    expectFailure(try cache(shard, "--precision", "int8"), code: 2, naming: "int8")
    expectFailure(
      try cache(shard, "--captions", "zh"), code: 2,
      naming: "--captions is given and --texts is not", "Add --texts or leave --captions out.")
    #expect(folder.names(in: "shards") == ["validation.tar"])
  }
}
