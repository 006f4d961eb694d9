import Foundation
import Testing

/// A line of JSON as Foundation reads it, which shares nothing with our own writer.
struct JSONObject {
  let members: [String: Any]

  init(_ line: String) throws {
    let value = try JSONSerialization.jsonObject(with: Data(line.utf8))
    members = try #require(value as? [String: Any])
  }

  private init(members: [String: Any]) {
    self.members = members
  }

  var keys: Set<String> { Set(members.keys) }

  subscript(name: String) -> JSONObject? {
    (members[name] as? [String: Any]).map { JSONObject(members: $0) }
  }

  func text(_ name: String) -> String? { members[name] as? String }

  func number(_ name: String) -> Double? { (members[name] as? NSNumber)?.doubleValue }

  func integers(_ name: String) -> [Int]? { members[name] as? [Int] }

  func list(_ name: String) -> [JSONObject] {
    (members[name] as? [[String: Any]] ?? []).map { JSONObject(members: $0) }
  }
}

/// A `.npy` of Float32 rows, read without our own reader.
struct ArrayFile {
  let width: Int
  let rows: [[Float]]

  init(_ bytes: [UInt8]) throws {
    let headerCount = 10 + Int(bytes[8]) + Int(bytes[9]) << 8
    let header = String(decoding: bytes[10..<headerCount], as: UTF8.self)
    try #require(bytes.starts(with: [0x93] + Array("NUMPY".utf8)) && headerCount % 64 == 0)
    try #require(header.contains("'descr': '<f4', 'fortran_order': False"))
    let shape = try #require(header.firstMatch(of: #/'shape': \((\d+), (\d+)\)/#))
    let (count, width) = (try #require(Int(shape.1)), try #require(Int(shape.2)))
    let values = bytes[headerCount...].withUnsafeBytes { raw in
      stride(from: 0, to: raw.count, by: 4).map {
        raw.loadUnaligned(fromByteOffset: $0, as: Float.self)
      }
    }
    try #require(values.count == count * width)
    self.width = width
    rows = (0..<count).map { Array(values[$0 * width..<($0 + 1) * width]) }
  }
}
