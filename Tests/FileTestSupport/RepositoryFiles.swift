internal import Foundation

/// Files of the repository, found from this source file.
public enum RepositoryFiles {
  public static let root = URL(filePath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
  public static let emoji = root + "/recipes/data/noto-emoji"
  public static let validation = emoji + "/validation.tar"
  public static let vocabulary = root + "/recipes/data/bert-chinese/vocab.txt"

  public static func fixture(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(filePath: root + "/Tests/Fixtures/" + name)))
  }
}
