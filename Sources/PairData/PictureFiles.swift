internal import DurableFiles

/// Picture files of a folder, or one file: read, decoded and resized, some at a time.
///
///     let pictures = try PictureFiles("photos", preparation: preparation)
///     let batch = try await pictures.batch(0..<32, taskCount: 4)
public struct PictureFiles: Sendable {
  /// Endings of files that count as pictures, in lower case.
  public static let endings = ["jpg", "jpeg", "png", "webp"]

  /// Without folders, in byte order.
  public let names: [String]
  /// Files of the folder that are passed over, as their names end otherwise.
  public let otherCount: Int
  private let folder: String
  private let preparation: ImagePreparation

  /// - Throws: `fileFailure`, `noPictures`.
  public init(_ path: String, preparation: ImagePreparation) throws(PairDataError) {
    self.preparation = preparation
    guard Folder.exists(path) else {
      // One file is what its bytes say, whatever it is called.
      (folder, names, otherCount) = (Folder.parent(of: path), [Folder.lastName(of: path)], 0)
      return
    }
    folder = path
    let all: [String]
    do throws(FileError) {
      all = try Folder.names(in: path).filter { !$0.hasPrefix(".") }
    } catch {
      throw .fileFailure(action: .list, path: path, reason: error.reason)
    }
    names = all.filter(Self.isPicture)
    otherCount = all.count - names.count
    guard !names.isEmpty else { throw .noPictures(folder: path) }
  }

  /// Whether a file's name ends like a picture's.
  static func isPicture(_ name: String) -> Bool {
    name.lastIndex(of: ".").map {
      endings.contains(name[name.index(after: $0)...].lowercased())
    } ?? false
  }

  public var count: Int { names.count }

  public func path(at index: Int) -> String {
    folder.hasSuffix("/") ? folder + names[index] : "\(folder)/\(names[index])"
  }

  /// Some pictures, resized. - Throws: what is wrong with the first one that cannot be used.
  public func batch(
    _ range: Range<Int>, taskCount: Int
  ) async throws(PairDataError) -> PixelBatch {
    let images = try await ParallelMap.run(range, taskCount: taskCount) {
      index throws(PairDataError) in
      try decoded(at: index)
    }
    return PixelBatch(images: images, preparation: preparation)
  }

  private func decoded(at index: Int) throws(PairDataError) -> DecodedImage {
    let path = path(at: index)
    let file = try RandomAccessFile(path: path)
    let limit = MemberReader.imageBytesLimit
    guard file.status.bytes <= limit else {
      throw .fileFailure(
        action: .read, path: path, reason: "it has \(file.status.bytes) bytes, above \(limit)")
    }
    let bytes = try file.bytes(at: 0, count: Int(file.status.bytes))
    do throws(ImageError) {
      return try preparation.decoder.decode(bytes).resized(to: preparation.size)
    } catch {
      throw .unreadablePicture(path: path, error)
    }
  }
}
