internal import DurableFiles

/// Pictures sorted into folders, one a class, as torchvision's ImageFolder reads them.
public struct ClassFolders: Sendable {
  /// Names of the folders and their pictures, in byte order of the names.
  public let classes: [(name: String, pictures: PictureFiles)]

  /// - Returns: `nil` where the folder has pictures itself, or no folders in it.
  /// - Throws: `fileFailure`, and `noPictures` for a class without any.
  public init?(_ path: String, preparation: ImagePreparation) throws(PairDataError) {
    let names: [String]
    do throws(FileError) {
      guard Folder.exists(path) else { return nil }
      let all = try Folder.names(in: path).filter { !$0.hasPrefix(".") }
      guard !all.contains(where: PictureFiles.isPicture) else { return nil }
      names = all.filter { Folder.exists("\(path)/\($0)") }
    } catch {
      throw .fileFailure(action: .list, path: path, reason: error.reason)
    }
    guard !names.isEmpty else { return nil }
    var classes: [(name: String, pictures: PictureFiles)] = []
    for name in names {
      classes.append((name, try PictureFiles("\(path)/\(name)", preparation: preparation)))
    }
    self.classes = classes
  }
}
