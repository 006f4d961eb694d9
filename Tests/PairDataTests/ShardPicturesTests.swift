import FileTestSupport
import Foundation
import Glibc
import Testing

@testable import PairData

@Suite struct ShardPicturesTests {
  /// A shard of one picture. - Returns: its path.
  private static func write(_ picture: [UInt8], to folder: TemporaryFolder) throws -> String {
    var bytes = try TarWriter.member(name: "pair0.png", data: picture)
    bytes += try TarWriter.member(name: "pair0.txt", data: Array("图".utf8))
    return try folder.write(bytes + TarWriter.end(afterBytes: Int64(bytes.count)), to: "a.tar")
  }

  private static func pictures(_ shard: String) throws -> ShardPictures {
    try ShardPictures(
      try PairShard(path: shard), preparation: ImagePreparation(size: 8), taskCount: 1)
  }

  @Test func `a picture that cannot be decoded is damage, which says why`() async throws {
    let folder = try TemporaryFolder()
    let pictures = try Self.pictures(
      try Self.write(
        try ImageFixtures.hostile("declares_13000_x_13000_interlaced.png"), to: folder))
    let damage = try #require(try await pictures.batch(0..<1).damage.first)
    guard case .unreadableImage(let problem)? = damage else {
      Issue.record("\(String(describing: damage))")
      return
    }
    #expect(problem.contains("The PNG data are damaged"))
    #expect(try pictures.damage(at: 0) == damage)
  }

  /// The header asks for half a gigabyte, and the process may have a quarter of that.
  @Test func `a lack of memory is an error, and no damage of the picture`() async {
    await #expect(processExitsWith: .success) {
      let folder = try TemporaryFolder()
      let shard = try Self.write(
        try ImageFixtures.hostile("declares_13000_x_13000_interlaced.png"), to: folder)
      let pictures = try Self.pictures(shard)
      let sizes = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
      let pages = try #require(sizes.split(separator: " ").first.flatMap { UInt(String($0)) })
      let bytes = pages * UInt(sysconf(Int32(_SC_PAGESIZE))) + 128 << 20
      var limit = rlimit(rlim_cur: bytes, rlim_max: rlim_t.max)
      try #require(setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0)
      let expected = PairDataError.unreadablePicture(
        path: "\(shard): pair `pair0`", .outOfMemory(width: 13_000, height: 13_000))
      await #expect(throws: expected) { try await pictures.batch(0..<1) }
      #expect(throws: expected) { try pictures.damage(at: 0) }
    }
  }
}
