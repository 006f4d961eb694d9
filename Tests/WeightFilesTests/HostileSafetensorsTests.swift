import DurableFiles
import Testing

@testable import WeightFiles

@Suite struct HostileSafetensorsTests {
  static func file(_ header: String, data: Int = 12, length: UInt64? = nil) -> [UInt8] {
    let bytes = Array(header.utf8)
    return PickleBytes.little(length ?? UInt64(bytes.count), byteCount: 8) + bytes
      + [UInt8](repeating: 0, count: data)
  }

  private static func header(
    _ name: String, _ verdict: HostileCase.Verdict, _ header: String, data: Int = 12,
    length: UInt64? = nil
  ) -> HostileCase {
    HostileCase(name, verdict, file(header, data: data, length: length))
  }

  /// One tensor's entry.
  private static func entry(
    _ name: String = "w", _ type: String = "F32", _ shape: String = "[3]",
    _ offsets: String = "[0,12]"
  ) -> String {
    #""\#(name)":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":\#(offsets)}"#
  }

  private static let hundredOnes = "[1" + String(repeating: ",1", count: 99) + "]"

  static let cases: [HostileCase] = [
    header("the sound file the others are made from", .read, "{\(entry())}"),
    header("spaces behind the header", .read, "{\(entry())}    "),
    header("no tensors", .read, "{}", data: 0),
    header(
      "tensors in another order than their bytes", .read,
      "{\(entry("b", "F32", "[2]", "[4,12]")),\(entry("a", "F32", "[1]", "[0,4]"))}"),
    header(
      "an empty tensor and a scalar", .read,
      "{\(entry("e", "F32", "[0,7]", "[0,0]")),\(entry("s", "F32", "[]", "[0,4]"))}", data: 4),
    header("nulls behind the header", .malformed, "{\(entry())}\0\0"),
    header("junk behind the object", .malformed, "{\(entry())}x"),
    header("no JSON", .malformed, "{nonsense"),
    header("an entry cut off", .malformed, "{\(entry().dropLast(3))"),
    header("a name twice", .malformed, "{\(entry()),\(entry())}"),
    header("the metadata twice", .malformed, #"{"__metadata__":{},"__metadata__":{},\#(entry())}"#),
    header("metadata that is no text", .malformed, #"{"__metadata__":{"a":1},\#(entry())}"#),
    header("metadata that is no object", .malformed, #"{"__metadata__":[],\#(entry())}"#),
    header(
      "an overlap", .malformed,
      "{\(entry()),\(entry("v", "F32", "[2]", "[4,12]"))}"),
    header(
      "a hole", .malformed,
      "{\(entry("w", "F32", "[1]", "[0,4]")),\(entry("v", "F32", "[1]", "[8,12]"))}"),
    header("a hole at the start", .malformed, "{\(entry("w", "F32", "[2]", "[4,12]"))}"),
    header("bytes behind the last tensor", .malformed, "{\(entry())}", data: 13),
    header("fewer bytes than tensors", .malformed, "{\(entry())}", data: 11),
    header("offsets the wrong way round", .malformed, "{\(entry("w", "F32", "[3]", "[12,0]"))}"),
    header("a negative offset", .malformed, "{\(entry("w", "F32", "[3]", "[-12,0]"))}"),
    header("an offset with a fraction", .malformed, "{\(entry("w", "F32", "[3]", "[0,12.0]"))}"),
    header("three offsets", .malformed, "{\(entry("w", "F32", "[3]", "[0,6,12]"))}"),
    header(
      "an offset over 2^63", .malformed,
      "{\(entry("w", "F32", "[3]", "[0,18446744073709551615]"))}"),
    header("a shape that disagrees with the bytes", .malformed, "{\(entry("w", "F32", "[4]"))}"),
    header("a type that disagrees with the bytes", .malformed, "{\(entry("w", "F64"))}"),
    header("a negative size", .malformed, "{\(entry("w", "F32", "[-3]"))}"),
    header(
      "a shape whose product overflows", .malformed,
      "{\(entry("w", "F32", "[4294967296,4294967296,4294967296]"))}"),
    header(
      "a shape whose bits overflow", .malformed,
      "{\(entry("w", "F64", "[1152921504606846976]", "[0,0]"))}", data: 0),
    header(
      "a shape of a hundred axes", .malformed,
      "{\(entry("w", "F32", "\(hundredOnes)", "[0,4]"))}",
      data: 4),
    header("half a byte", .malformed, "{\(entry("w", "F4", "[1]", "[0,1]"))}", data: 1),
    header("an unknown type", .unsupported, "{\(entry("w", "Q8"))}"),
    header("a type that is listed, not read", .unsupported, "{\(entry("w", "F8_E4M3", "[12]"))}"),
    header("an entry without a type", .malformed, #"{"w":{"shape":[3],"data_offsets":[0,12]}}"#),
    header("an entry that is a number", .malformed, #"{"w":3}"#),
    header("a header longer than the file", .malformed, "{}", length: 4_000),
    header("a header of 2^64 - 1 bytes", .malformed, "{}", length: .max),
    header("a header of 17 MiB", .beyondLimit, "{" + String(repeating: " ", count: 17 << 20) + "}"),
    header("a header too short for its brace", .malformed, "{}", data: 0, length: 0),
    header("a space before the brace", .unknownFormat, " {\(entry())}"),
    header("a thousand levels", .malformed, "{\"a\":" + String(repeating: "[", count: 1_000)),
  ]

  @Test(arguments: cases)
  func `a header is held to the format`(_ hostile: HostileCase) throws { try hostile.check() }

  static let indexes: [(name: String, map: String)] = [
    ("a file that is not there", #"{"weight_map":{"w":"c.safetensors"}}"#),
    ("a file outside the folder", #"{"weight_map":{"w":"../a.safetensors"}}"#),
    ("a file from the root of the disk", #"{"weight_map":{"w":"/etc/passwd"}}"#),
    ("the folder above", #"{"weight_map":{"w":".."}}"#),
    ("no name of a file", #"{"weight_map":{"w":""}}"#),
    ("a number for a file", #"{"weight_map":{"w":1}}"#),
    ("a name with a null", #"{"weight_map":{"w":"a.safetensors\u0000"}}"#),
    ("a tensor that its file lacks", #"{"weight_map":{"w":"a.safetensors","v":"a.safetensors"}}"#),
    ("a tensor in another file", #"{"weight_map":{"w":"b.safetensors","x":"a.safetensors"}}"#),
    ("a tensor that the index lacks", #"{"weight_map":{"x":"a.safetensors"}}"#),
    ("no map", #"{"metadata":{}}"#),
    ("a map that is a list", #"{"weight_map":["w"]}"#),
    ("a name twice", #"{"weight_map":{"w":"a.safetensors","w":"a.safetensors"}}"#),
    ("no JSON", "weight_map"),
    ("an index as its own file", #"{"weight_map":{"w":"model.safetensors.index.json"}}"#),
  ]

  @Test(arguments: indexes)
  func `an index that is not the files' is refused`(_ name: String, _ map: String) throws {
    let index = try ScratchFile(Array(map.utf8), name: "model.safetensors.index.json")
    let folder = index.path.dropLast("/model.safetensors.index.json".count)
    for (file, tensor) in [("a", "w"), ("b", "x")] {
      try ScratchFile.write(
        Self.file("{\(Self.entry(tensor))}"), to: "\(folder)/\(file).safetensors")
    }
    guard case .failure(let error) = outcome(at: index.path) else {
      Issue.record("\(name) was read")
      return
    }
    #expect(!error.description.isEmpty)
    try index.write(Array(#"{"weight_map":{"w":"a.safetensors","x":"b.safetensors"}}"#.utf8))
    #expect(try outcome(at: String(folder)).get().count == 2)
  }

  @Test func `a folder without weights is named as one`() throws {
    let file = try ScratchFile([], name: "config.json")
    guard case .failure(.unknownFormat) = outcome(at: String(file.path.dropLast(12))) else {
      Issue.record("a folder without weights was read")
      return
    }
  }

  @Test func `a file that is not there is named`() {
    guard case .failure(.file(let error)) = outcome(at: "/nowhere/model.pt") else {
      Issue.record("a missing file was read")
      return
    }
    #expect(error.path == "/nowhere/model.pt")
  }
}
