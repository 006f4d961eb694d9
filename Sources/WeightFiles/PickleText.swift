/// Writes a pickle of protocol 2: nested dictionaries of numbers, texts and tensors.
///
/// Only the globals that every safe reader knows stand in it: `OrderedDict`, `FloatStorage`,
/// `LongStorage` and `_rebuild_tensor_v2`.
struct PickleText {
  private(set) var bytes: [UInt8] = [PickleOpcode.proto.rawValue, 2]

  /// Opens a dictionary; keys and values follow in turn.
  mutating func beginDictionary() {
    add(.emptyDict)
    add(.mark)
  }

  mutating func endDictionary() { add(.setItems) }

  mutating func text(_ text: String) {
    let utf8 = Array(text.utf8)
    add(.binUnicode)
    bytes.append(utf8.count, bytes: 4)
    bytes += utf8
  }

  mutating func integer(_ value: Int) {
    switch value {
    case 0...0xFF:
      add(.binInt1)
      bytes.append(value, bytes: 1)
    case 0x100...0xFFFF:
      add(.binInt2)
      bytes.append(value, bytes: 2)
    case Int(Int32.min)...Int(Int32.max):
      add(.binInt)
      bytes.append(value, bytes: 4)
    default:
      add(.long1)
      bytes += [8]
      bytes.append(value, bytes: 8)
    }
  }

  /// A contiguous tensor that is the whole of a storage.
  mutating func tensor(_ shape: [Int], _ form: AnnouncedTensor.Form, storage key: String) {
    global("torch._utils", "_rebuild_tensor_v2")
    add(.mark)
    add(.mark)
    text("storage")
    global("torch", form == .int64 ? "LongStorage" : "FloatStorage")
    text(key)
    text("cpu")
    integer(shape.reduce(1, *))
    add(.tuple)
    add(.binPersistentID)
    integer(0)
    tuple(shape)
    tuple(StridedView.contiguousStrides(shape) ?? [])
    add(.newFalse)
    global("collections", "OrderedDict")
    add(.emptyTuple)
    add(.reduce)
    add(.tuple)
    add(.reduce)
  }

  mutating func stop() { add(.stop) }

  private mutating func tuple(_ values: [Int]) {
    add(.mark)
    for value in values { integer(value) }
    add(.tuple)
  }

  private mutating func global(_ module: String, _ name: String) {
    add(.global)
    bytes += Array("\(module)\n\(name)\n".utf8)
  }

  private mutating func add(_ opcode: PickleOpcode) { bytes.append(opcode.rawValue) }
}
