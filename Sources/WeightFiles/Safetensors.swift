internal import DurableFiles
internal import StrictJSON

/// The safetensors format: a JSON header, then the tensors' bytes, end to end.
///
/// Held to all that the format's own reader checks, and to each name standing once, which it does
/// not: the tensors must cover the bytes behind the header exactly.
struct Safetensors {
  let tensors: [WeightTensor]
  let metadata: [String: String]

  static let lengthBytes = 8
  /// The format allows 100 million bytes; 160 bytes for each of 100,000 tensors are 16 million.
  private static let headerLimit = 16 << 20

  private struct Entry {
    let name: String
    let type: ElementType
    let view: StridedView
    let range: Range<Int>
  }

  init(_ file: OpenFile) throws(WeightFileError) {
    let place = "\(file.path): header"
    var reader = ByteReader(file, range: 0..<file.byteCount, place: place)
    let length = try reader.length(byteCount: Self.lengthBytes)
    guard length <= Self.headerLimit else {
      throw .beyondLimit(
        place: place, found: "\(length) bytes", limit: "\(Self.headerLimit) bytes")
    }
    let header = try Self.members(of: try reader.bytes(length), place: place)
    let dataStart = Self.lengthBytes + length
    var entries: [Entry] = []
    var metadata: [String: String] = [:]
    for member in header {
      if member.name == "__metadata__" {
        metadata = try Self.metadata(member.value, place: place)
      } else {
        entries.append(try Self.entry(member, place: place))
      }
    }
    try Self.checkTiling(entries, of: file.byteCount - dataStart, place: place)
    self.metadata = metadata
    tensors = entries.map { entry in
      let range = dataStart + entry.range.lowerBound..<dataStart + entry.range.upperBound
      let storage = Storage(
        file, range: range, place: "\(file.path): \(entry.name)", checksum: nil)
      return WeightTensor(
        name: entry.name, elementType: entry.type, storage: storage, view: entry.view)
    }
  }

  private static func members(
    of bytes: [UInt8], place: String
  ) throws(WeightFileError) -> [JSONValue.Member] {
    guard bytes.first == UInt8(ascii: "{") else {
      throw .malformed(
        place: place, found: "no opening brace at its start", expected: "a JSON object")
    }
    do throws(JSONFault) {
      // What begins with a brace and is read is an object.
      let header = try JSONParser.parse(bytes, byteLimit: headerLimit)
      if case .object(let members) = header { return members } else { return [] }
    } catch {
      throw .malformed(place: place, found: "\(error)", expected: "a JSON object")
    }
  }

  private static func metadata(
    _ value: JSONValue, place: String
  ) throws(WeightFileError) -> [String: String] {
    var metadata: [String: String] = [:]
    guard case .object(let members) = value else {
      throw .malformed(place: place, found: "`__metadata__` of another kind", expected: "an object")
    }
    for member in members {
      guard let text = member.value.string else {
        throw .malformed(
          place: place,
          found: "`\(member.name.prefixForMessage)` in `__metadata__` that is no text",
          expected: "texts only")
      }
      metadata[member.name] = text
    }
    return metadata
  }

  private static func entry(
    _ member: JSONValue.Member, place: String
  ) throws(WeightFileError) -> Entry {
    let place = "\(place), `\(member.name.prefixForMessage)`"
    guard let typeName = member.value["dtype"]?.string,
      let shape = lengths(member.value["shape"]),
      let offsets = lengths(member.value["data_offsets"]), offsets.count == 2,
      offsets[0] <= offsets[1]
    else {
      throw .malformed(
        place: place, found: "an entry that lacks something",
        expected: "dtype, shape and data_offsets in order")
    }
    guard let type = ElementType(rawValue: typeName) else {
      throw .unsupported(
        place: place, found: "dtype `\(typeName.prefixForMessage)`",
        remedy: "Convert it to F16, BF16 or F32 first.")
    }
    guard let view = StridedView(contiguous: shape),
      let bitCount = StridedView.product([view.elementCount, type.bitCount]),
      bitCount.isMultiple(of: 8), bitCount / 8 == offsets[1] - offsets[0]
    else {
      throw .malformed(
        place: place,
        found: "\(offsets[1] - offsets[0]) bytes for shape \(shape.prefix(8)) of \(typeName)",
        expected: "as many as the shape takes")
    }
    return Entry(
      name: member.name, type: type, view: view, range: offsets[0]..<offsets[1])
  }

  private static func lengths(_ value: JSONValue?) -> [Int]? {
    guard case .array(let items) = value else { return nil }
    let numbers = items.compactMap { item in
      item.integer.flatMap { $0 >= 0 ? Int(exactly: $0) : nil }
    }
    return numbers.count == items.count ? numbers : nil
  }

  private static func checkTiling(
    _ entries: [Entry], of count: Int, place: String
  ) throws(WeightFileError) {
    let sorted = entries.sorted {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }
    var end = 0
    for entry in sorted {
      guard entry.range.lowerBound == end else {
        let fault = entry.range.lowerBound < end ? "an overlap" : "a hole"
        throw .malformed(
          place: "\(place), `\(entry.name.prefixForMessage)`",
          found: "\(fault) at byte \(entry.range.lowerBound)",
          expected: "the next tensor at byte \(end)")
      }
      end = entry.range.upperBound
    }
    guard end == count else {
      throw .malformed(
        place: place, found: "\(count) bytes of tensors in the file",
        expected: "\(end), the end of the last one")
    }
  }
}
