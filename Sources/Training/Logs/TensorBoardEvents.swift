internal import Glibc
internal import ProtobufSchemas
internal import SwiftProtobuf

/// One TensorBoard event file, appended to while a run goes on.
///
/// Every record is one `write`, so a killed run loses at most the record it was writing; readers
/// skip a truncated tail. A resumed run opens a new file, which sorts behind the older ones and
/// tells readers from which step on the older files no longer count.
///
/// - Source: TFRecord frames of `event.proto` messages, as TensorBoard 2 reads them.
public final class TensorBoardEvents {
  public let path: String
  private let descriptor: Int32
  private var byteCount: off_t = 0

  /// Creates the run's next event file in an existing folder.
  ///
  /// - Parameters:
  ///   - firstStep: the first step that a resumed run computes again; `nil` for a fresh run.
  ///   - wallTime: seconds since 1970; part of the file's name and of its first events.
  public convenience init(
    folder: String, resumingAt firstStep: Int? = nil, wallTime: Double
  ) throws(TensorBoardError) {
    let (path, descriptor) = try TensorBoardEvents.createFile(in: folder, wallTime: wallTime)
    self.init(path: path, descriptor: descriptor)
    try append(TensorBoardEvent.with { $0.fileVersion = "brain.Event:2" }, wallTime: wallTime)
    if let firstStep {
      let restart = TensorBoardEvent.with {
        $0.step = Int64(firstStep)
        $0.sessionLog = .with { $0.status = .start }
      }
      try append(restart, wallTime: wallTime)
    }
  }

  /// Appends to an empty file that is open for writing, and closes it at the end.
  init(path: String, descriptor: Int32) {
    self.path = path
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// Appends one point to each of these curves.
  ///
  /// - Parameter values: tags such as `train/loss`, which TensorBoard groups by their first part.
  public func appendScalars(
    _ values: [(tag: String, value: Float)], step: Int, wallTime: Double
  ) throws(TensorBoardError) {
    let event = TensorBoardEvent.with {
      $0.step = Int64(step)
      $0.summary.value = values.map { tag, value in
        .with {
          $0.tag = tag
          $0.simpleValue = value
        }
      }
    }
    try append(event, wallTime: wallTime)
  }

  /// Appends a text, shown as Markdown: the recipe, say.
  public func appendText(
    _ text: String, tag: String, step: Int, wallTime: Double
  ) throws(TensorBoardError) {
    let event = TensorBoardEvent.with {
      $0.step = Int64(step)
      $0.summary.value = [
        .with {
          $0.tag = "\(tag)/text_summary"
          $0.metadata.pluginData.pluginName = "text"
          $0.tensor = .with {
            $0.dtype = 7  // DT_STRING
            $0.tensorShape.dim = [.with { $0.size = 1 }]
            $0.stringVal = [text]
          }
        }
      ]
    }
    try append(event, wallTime: wallTime)
  }

  /// A TFRecord frame: the length and its check, the data and its check, all little-endian.
  static func frame(_ data: [UInt8]) -> [UInt8] {
    let length = littleEndianBytes(UInt64(data.count))
    return length + littleEndianBytes(CRC32C.masked(of: length)) + data
      + littleEndianBytes(CRC32C.masked(of: data))
  }

  // MARK: Parts

  private func append(
    _ event: TensorBoardEvent, wallTime: Double
  ) throws(TensorBoardError) {
    var event = event
    event.wallTime = wallTime
    let data: [UInt8]
    do {
      data = try event.serializedBytes()
    } catch {
      preconditionFailure("An event has neither required fields nor two gigabytes: \(error).")
    }
    let record = TensorBoardEvents.frame(data)
    var written = 0
    while written < record.count {
      let count = record[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        let failure = TensorBoardEvents.failure(path, "written")
        // Half a record in the middle would hide all later ones from readers.
        ftruncate(descriptor, byteCount)
        lseek(descriptor, byteCount, SEEK_SET)
        throw failure
      }
      written += count
    }
    byteCount += off_t(record.count)
  }

  /// Readers join a folder's files in the order of their names, so the new name's time is later
  /// than that of every file already there, whatever the clock says.
  private static func createFile(
    in folder: String, wallTime: Double
  ) throws(TensorBoardError) -> (path: String, descriptor: Int32) {
    let now = wallTime.isFinite ? Int(max(0, min(wallTime, 9_999_998_000))) : 0
    let earliest = max(now, try latestTime(in: folder) + 1)
    for time in earliest..<earliest + 1000 {
      let digits = String(time)
      let padded = String(repeating: "0", count: max(0, 10 - digits.count)) + digits
      let path = "\(folder)/\(namePrefix)\(padded).\(hostName).\(getpid()).0"
      let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
      if descriptor >= 0 { return (path, descriptor) }
      guard errno == EEXIST else { throw failure(path, "created") }
    }
    throw .noFreeName(folder: folder)
  }

  private static let namePrefix = "events.out.tfevents."

  /// The latest time in a name of an event file in the folder, -1 if there is none.
  private static func latestTime(in folder: String) throws(TensorBoardError) -> Int {
    guard let stream = opendir(folder) else { throw failure(folder, "listed") }
    defer { closedir(stream) }
    var latest = -1
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard name.hasPrefix(namePrefix) else { continue }
      let time = name.dropFirst(namePrefix.count).prefix { $0 != "." }
      guard time.utf8.count == 10, let seconds = Int(time) else { continue }
      latest = max(latest, seconds)
    }
    return latest
  }

  private static var hostName: String {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, 255) == 0, name[0] != 0 else { return "localhost" }
    let text = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    return text.split(separator: "/").joined(separator: "-")
  }

  private static func failure(_ path: String, _ action: String) -> TensorBoardError {
    let code = errno
    return .file(path: path, action: action, code: code, reason: String(cString: strerror(code)))
  }

  private static func littleEndianBytes(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }
}
