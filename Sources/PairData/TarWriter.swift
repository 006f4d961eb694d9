/// Builds an uncompressed tar that depends on its members' names and data alone.
///
/// Members are ustar with mode 0644, owner and group 0 and time 0; a name that ustar cannot hold
/// (not ASCII, or too long) or a size of 8 GiB and more goes into a PAX extended header before it.
///
///     var bytes = try TarWriter.member(name: "0001.txt", data: Array("一只猫".utf8))
///     bytes += TarWriter.end(afterBytes: Int64(bytes.count))
public enum TarWriter {
  /// Archives are padded to a multiple of this, as POSIX's default blocking factor of 20 gives.
  static let recordBytes: Int64 = 10_240
  private static let sizeLimit: Int64 = 1 << 33

  /// A member: its headers, its data and the padding after it.
  /// - Throws: `unwritableMember` for an empty or absolute name, or one with a NUL.
  public static func member(name: String, data: [UInt8]) throws(PairDataError) -> [UInt8] {
    let head = try header(name: name, size: Int64(data.count))
    return head + data + padding(after: Int64(data.count))
  }

  /// The zero blocks that end an archive of so many bytes.
  public static func end(afterBytes bytes: Int64) -> [UInt8] {
    let whole = bytes + 2 * Int64(TarHeader.blockBytes)
    let missing = (recordBytes - whole % recordBytes) % recordBytes
    return [UInt8](repeating: 0, count: Int(whole + missing - bytes))
  }

  /// The headers before `size` bytes of data.
  static func header(name: String, size: Int64) throws(PairDataError) -> [UInt8] {
    try validate(name)
    let bytes = Array(name.utf8)
    let isASCII = bytes.allSatisfy { $0 < 0x80 }
    if isASCII, size < sizeLimit, let parts = split(bytes) {
      return block(name: parts.name, prefix: parts.prefix, size: size, type: "0")
    }
    var records = record(key: "path", value: bytes)
    if size >= sizeLimit { records += record(key: "size", value: Array(String(size).utf8)) }
    let extended = block(
      name: Array("PaxHeaders/member".utf8), prefix: [], size: Int64(records.count), type: "x")
    // Readers without PAX see a cut name with `?` for what is not ASCII, as Python's writer gives.
    let plain = Array(bytes.map { $0 < 0x80 ? $0 : UInt8(ascii: "?") }.prefix(100))
    let own = block(name: plain, prefix: [], size: size < sizeLimit ? size : 0, type: "0")
    return extended + records + padding(after: Int64(records.count)) + own
  }

  private static func validate(_ name: String) throws(PairDataError) {
    let problem: String? =
      if name.isEmpty { "the name is empty" } else if name.utf8.contains(0) {
        "the name contains a NUL"
      } else if name.hasPrefix("/") { "the name is an absolute path" } else if name.hasSuffix("/") {
        "the name is a folder's"
      } else { nil }
    if let problem { throw .unwritableMember(name: name, problem: problem) }
  }

  /// A name as ustar's two fields, the prefix without the slash between them; nil if too long.
  private static func split(_ name: [UInt8]) -> (prefix: [UInt8], name: [UInt8])? {
    if name.count <= 100 { return ([], name) }
    for (index, byte) in name.enumerated() where byte == UInt8(ascii: "/") {
      let rest = name.count - index - 1
      if (1...155).contains(index), (1...100).contains(rest) {
        return (Array(name[..<index]), Array(name[(index + 1)...]))
      }
    }
    return nil
  }

  /// One header block with its checksum.
  private static func block(
    name: [UInt8], prefix: [UInt8], size: Int64, type: Unicode.Scalar
  ) -> [UInt8] {
    var block = [UInt8](repeating: 0, count: TarHeader.blockBytes)
    func put(_ bytes: some Collection<UInt8>, at offset: Int) {
      block.replaceSubrange(offset..<(offset + bytes.count), with: bytes)
    }
    put(name, at: 0)
    put(octal(0o644, digits: 7).utf8, at: 100)
    put(octal(0, digits: 7).utf8, at: 108)
    put(octal(0, digits: 7).utf8, at: 116)
    put(octal(size, digits: 11).utf8, at: 124)
    put(octal(0, digits: 11).utf8, at: 136)
    put(repeatElement(0x20, count: 8), at: 148)
    block[156] = UInt8(ascii: type)
    put("ustar\u{0}00".utf8, at: 257)
    put(prefix, at: 345)
    let sum = block.reduce(Int64(0)) { $0 + Int64($1) }
    put((octal(sum, digits: 6) + "\u{0} ").utf8, at: 148)
    return block
  }

  private static func octal(_ number: Int64, digits: Int) -> String {
    let text = String(number, radix: 8)
    return String(repeating: "0", count: digits - text.utf8.count) + text
  }

  /// `LENGTH KEY=VALUE` and a newline, where LENGTH counts itself.
  private static func record(key: String, value: [UInt8]) -> [UInt8] {
    let rest = [0x20] + Array(key.utf8) + [UInt8(ascii: "=")] + value + [0x0A]
    var length = rest.count
    while rest.count + String(length).utf8.count != length {
      length = rest.count + String(length).utf8.count
    }
    return Array(String(length).utf8) + rest
  }

  private static func padding(after bytes: Int64) -> [UInt8] {
    let block = Int64(TarHeader.blockBytes)
    return [UInt8](repeating: 0, count: Int((block - bytes % block) % block))
  }
}
