import FileTestSupport
import Foundation
import PairData

/// Small shards made of pictures of the emoji pairs.
enum SampleShard {
  /// PNG pictures of the shipped validation shard, in its order.
  static func pictures(_ count: Int) throws -> [[UInt8]] {
    let file = try FileHandle(forReadingFrom: URL(filePath: RepositoryFiles.validation))
    var reader = try TarReader(path: RepositoryFiles.validation)
    var pictures: [[UInt8]] = []
    while pictures.count < count, let member = try reader.next() {
      guard member.name.hasSuffix(".png") else { continue }
      try file.seek(toOffset: UInt64(member.offset))
      pictures.append(Array(try file.read(upToCount: Int(member.size)) ?? Data()))
    }
    return pictures
  }

  /// Writes a tar of pairs with a text member each.
  @discardableResult
  static func write(
    _ pairs: [(key: String, picture: [UInt8], text: String)], to folder: TemporaryFolder,
    name: String = "pairs.tar"
  ) throws -> String {
    var bytes: [UInt8] = []
    for pair in pairs {
      bytes += try TarWriter.member(name: "\(pair.key).png", data: pair.picture)
      bytes += try TarWriter.member(name: "\(pair.key).txt", data: Array(pair.text.utf8))
    }
    bytes += TarWriter.end(afterBytes: Int64(bytes.count))
    return try folder.write(bytes, to: name)
  }
}
