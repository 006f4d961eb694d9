@testable import WeightFiles

/// A pickle put together instruction by instruction.
struct PickleBytes {
  private(set) var bytes: [UInt8] = [0x80, 2]

  static func make(_ body: (inout PickleBytes) -> Void) -> [UInt8] {
    var pickle = PickleBytes()
    body(&pickle)
    pickle.op(.stop)
    return pickle.bytes
  }

  mutating func raw(_ more: [UInt8]) { bytes += more }

  mutating func op(_ opcodes: PickleOpcode...) { bytes += opcodes.map(\.rawValue) }

  mutating func text(_ text: String) {
    op(.binUnicode)
    raw(Self.little(UInt64(text.utf8.count), byteCount: 4) + text.utf8)
  }

  /// A number of at most 64 bits.
  mutating func integer(_ value: Int64) {
    op(.long1)
    raw([8] + Self.little(UInt64(bitPattern: value), byteCount: 8))
  }

  mutating func global(_ module: String, _ name: String) {
    op(.global)
    raw(Array("\(module)\n\(name)\n".utf8))
  }

  mutating func tuple(_ body: (inout PickleBytes) -> Void) {
    op(.mark)
    body(&self)
    op(.tuple)
  }

  mutating func tuple(_ numbers: [Int64]) { tuple { for number in numbers { $0.integer(number) } } }

  mutating func call(
    _ module: String, _ name: String, _ arguments: (inout PickleBytes) -> Void
  ) {
    global(module, name)
    tuple(arguments)
    op(.reduce)
  }

  mutating func storage(_ kind: String = "FloatStorage", key: String = "0", count: Int64 = 3) {
    tuple {
      $0.text("storage")
      $0.global("torch", kind)
      $0.text(key)
      $0.text("cpu")
      $0.integer(count)
    }
    op(.binPersistentID)
  }

  mutating func tensor(
    key: String = "0", count: Int64 = 3, offset: Int64 = 0, shape: [Int64] = [3],
    strides: [Int64] = [1]
  ) {
    call("torch._utils", "_rebuild_tensor_v2") {
      $0.storage(key: key, count: count)
      $0.integer(offset)
      $0.tuple(shape)
      $0.tuple(strides)
      $0.op(.newFalse)
      $0.call("collections", "OrderedDict") { _ in }
    }
  }

  /// A dictionary of one entry.
  mutating func entry(_ name: String, _ value: (inout PickleBytes) -> Void) {
    op(.emptyDict)
    text(name)
    value(&self)
    op(.setItem)
  }

  static func little(_ value: UInt64, byteCount: Int) -> [UInt8] {
    (0..<byteCount).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
  }
}
