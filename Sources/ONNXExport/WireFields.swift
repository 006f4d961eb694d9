internal import DurableFiles

/// The fields of a protobuf message inside a file, one after another; long ones are not read.
///
/// - Source: Protocol Buffers encoding, "Message structure".
struct WireFields {
  enum Value {
    case number(UInt64)
    /// The place of bytes, a text, a message or packed numbers.
    case bytes(Range<Int>)
    /// The place of 4 or 8 bytes.
    case fixed(Range<Int>)
  }

  private let file: OpenFile
  private let end: Int
  private(set) var position: Int
  /// Tags and lengths are read some at a time.
  private var window: [UInt8] = []
  private var windowStart = 0

  init(_ file: OpenFile, _ range: Range<Int>) {
    self.file = file
    position = range.lowerBound
    end = range.upperBound
  }

  /// The next field, or nil at the message's end.
  mutating func next() throws(ONNXError) -> (field: Int, value: Value)? {
    guard position < end else { return nil }
    let tag = try variableLengthInteger()
    guard tag >> 3 > 0, tag >> 3 < 1 << 29 else { throw damaged("it has a field without a number") }
    let field = Int(tag >> 3)
    switch tag & 7 {
    case 0: return (field, .number(try variableLengthInteger()))
    case 1: return (field, .fixed(try skip(8)))
    case 2: return (field, .bytes(try skip(Int(clamping: try variableLengthInteger()))))
    case 5: return (field, .fixed(try skip(4)))
    default: throw damaged("it has a field of the unknown kind \(tag & 7)")
    }
  }

  private mutating func skip(_ count: Int) throws(ONNXError) -> Range<Int> {
    guard count <= end - position else { throw damaged("a field goes beyond its end") }
    let range = position..<position + count
    position += count
    return range
  }

  private mutating func variableLengthInteger() throws(ONNXError) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: 0, to: 64, by: 7) {
      let byte = try nextByte()
      value |= UInt64(byte & 0x7F) << UInt64(shift)
      if byte < 0x80 { return value }
    }
    throw damaged("it has a number of more than 64 bits")
  }

  private mutating func nextByte() throws(ONNXError) -> UInt8 {
    guard position < end else { throw damaged("it ends inside a field") }
    if !(windowStart..<windowStart + window.count).contains(position) {
      windowStart = position
      window = try ONNXFile.read(file, position..<min(position + 256, end))
    }
    defer { position += 1 }
    return window[position - windowStart]
  }

  private func damaged(_ problem: String) -> ONNXError {
    .unreadable(path: file.path, problem: "byte \(position): \(problem)")
  }
}
