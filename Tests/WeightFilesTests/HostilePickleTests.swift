import Testing

@testable import WeightFiles

@Suite struct HostilePickleTests {
  static let names: [HostileCase] = [
    ("os", "system"), ("posix", "system"), ("nt", "system"), ("subprocess", "Popen"),
    ("builtins", "eval"), ("builtins", "exec"), ("builtins", "getattr"), ("__builtin__", "eval"),
    ("builtins", "__import__"), ("runpy", "_run_code"), ("torch", "load"), ("torch", "hub"),
    ("torch._utils", "_rebuild_tensor_v2.__globals__"), ("torch.storage", "_load_from_bytes"),
    ("torch.utils._config_module", "load_config"), ("collections", "defaultdict"),
    ("collections", "OrderedDict.__init__"), ("numpy", "load"), ("numpy.core.multiarray", "dtype"),
    ("copyreg", "_reconstructor"), ("argparse", "Namespace"), ("", ""), ("__torch", "Model"),
    ("torch.jit._pickle", "build_tensor_from_id"), ("pickle", "loads"),
  ].map { module, name in
    HostileCase("\(module).\(name)", .forbidden("\(module).\(name)")) {
      $0.call(module, name) { $0.text("touch /tmp/owned") }
    }
  }

  static let callers: [HostileCase] = [
    HostileCase("a name given by two texts", .forbidden("os.system")) {
      $0.text("os")
      $0.text("system")
      $0.op(.stackGlobal)
    },
    HostileCase("an old class with arguments", .forbidden("os.system")) {
      $0.op(.mark)
      $0.text("id")
      $0.op(.inst)
      $0.raw(Array("os\nsystem\n".utf8))
    },
    HostileCase("a name hidden in a container", .forbidden("os.system")) {
      $0.entry("w") { $0.global("os", "system") }
    },
    HostileCase("a call of a text", .malformed) {
      $0.text("os.system")
      $0.tuple { $0.text("id") }
      $0.op(.reduce)
    },
    HostileCase("a call of a list", .malformed) { $0.op(.emptyList, .emptyTuple, .reduce) },
    HostileCase("a call without a tuple", .malformed) {
      $0.global("collections", "OrderedDict")
      $0.op(.emptyList, .reduce)
    },
    HostileCase("a call of a storage class", .malformed) {
      $0.call("torch", "FloatStorage") { _ in }
    },
    HostileCase("a call of a tensor class", .malformed) { $0.call("torch", "Tensor") { _ in } },
    HostileCase("a new object of a function", .malformed) {
      $0.global("torch._utils", "_rebuild_tensor_v2")
      $0.op(.emptyTuple, .newObject)
    },
    HostileCase("a state with __setstate__ for a tuple", .malformed) {
      $0.op(.emptyTuple)
      $0.entry("__setstate__") { $0.text("os.system") }
      $0.op(.build)
    },
    HostileCase("a state for a number", .malformed) { $0.op(.none, .emptyDict, .build) },
    HostileCase("a state for a tensor", .malformed) {
      $0.tensor()
      $0.op(.emptyDict, .build)
    },
    HostileCase("a second state for a module", .malformed) {
      $0.global("__torch__", "M")
      $0.op(.emptyTuple, .newObject, .emptyDict, .build, .emptyDict, .build)
    },
    HostileCase("a class by its number", .malformed) { $0.raw([0x82, 1]) },
    HostileCase("a buffer outside the pickle", .malformed) { $0.raw([0x97]) },
    HostileCase("a persistent id in digits", .malformed) { $0.raw(Array("P0\n".utf8)) },
    HostileCase("a persistent id of a module", .malformed) {
      $0.tuple {
        $0.text("module")
        $0.op(.none, .none, .none, .none)
      }
      $0.op(.binPersistentID)
    },
    HostileCase("bytes by another encoding", .malformed) {
      $0.call("_codecs", "encode") {
        $0.text("x")
        $0.text("zlib")
      }
    },
  ]

  static let stacks: [HostileCase] = [
    HostileCase("nothing but a stop", .malformed) { _ in },
    HostileCase("two values at the end", .malformed) { $0.op(.none, .none) },
    HostileCase("a drop from an empty stack", .malformed) { $0.op(.pop) },
    HostileCase("a copy of nothing", .malformed) { $0.op(.dup) },
    HostileCase("a tuple without a mark", .malformed) { $0.op(.tuple) },
    HostileCase("a value from below a mark", .malformed) { $0.op(.none, .mark, .tuple1) },
    HostileCase("items for a tuple", .malformed) { $0.op(.emptyTuple, .none, .append) },
    HostileCase("items of a dictionary for a list", .malformed) {
      $0.op(.emptyList, .none, .none, .setItem)
    },
    HostileCase("a key without a value", .malformed) { $0.op(.emptyDict, .mark, .none, .setItems) },
    HostileCase("a memo entry that is not set", .malformed) {
      $0.op(.binGet)
      $0.raw([9])
    },
    HostileCase("a memo entry of nothing", .malformed) {
      $0.op(.binPut)
      $0.raw([0])
    },
    HostileCase("a memo number of letters", .malformed) {
      $0.op(.get)
      $0.raw(Array("x\n".utf8))
    },
    HostileCase("a protocol to come", .malformed) { $0.raw([0x80, 6]) },
    HostileCase("a frame longer than the file", .malformed) {
      $0.op(.frame)
      $0.raw([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F])
    },
    HostileCase("a text of 2^64 - 1 bytes", .malformed) {
      $0.op(.binUnicode8)
      $0.raw([UInt8](repeating: 0xFF, count: 8))
    },
    HostileCase("a text of 4 GB", .malformed) {
      $0.op(.binUnicode)
      $0.raw([0xFF, 0xFF, 0xFF, 0xFF])
    },
    HostileCase("a negative length", .malformed) {
      $0.op(.long4)
      $0.raw([0, 0, 0, 0x80])
    },
    HostileCase("a text that is not UTF-8", .malformed) {
      $0.op(.shortBinUnicode)
      $0.raw([2, 0xC0, 0x80])
    },
    HostileCase("a name without an end", .malformed) {
      $0.op(.global)
      $0.raw([UInt8](repeating: 0x61, count: 4_000))
    },
    HostileCase("a number of letters", .malformed) {
      $0.op(.int)
      $0.raw(Array("0x10\n".utf8))
    },
    HostileCase("bytes behind the end", .malformed, pickle: ArchiveBytes.oneTensor + [0x4E]),
  ]

  static let growth: [HostileCase] = [
    HostileCase("a list that holds itself", .beyondLimit) {
      $0.op(.emptyList, .dup, .append)
    },
    HostileCase("a dictionary that holds itself", .beyondLimit) {
      $0.op(.emptyDict, .binPut)
      $0.raw([0])
      $0.text("self")
      $0.op(.binGet)
      $0.raw([0])
      $0.op(.setItem)
    },
    HostileCase("sixty lists, each twice in the next", .beyondLimit) { pickle in
      pickle.op(.emptyTuple)
      for _ in 0..<60 { pickle.op(.dup, .tuple2) }
    },
    HostileCase("sixty dictionaries, each twice in the next under no name", .beyondLimit) {
      pickle in
      pickle.op(.emptyDict)
      for level in UInt8(0)..<60 {
        pickle.op(.binPut)
        pickle.raw([level])
        pickle.op(.pop, .emptyDict, .mark)
        for _ in 0..<2 {
          pickle.text("")
          pickle.op(.binGet)
          pickle.raw([level])
        }
        pickle.op(.setItems)
      }
    },
    HostileCase("tuples a hundred thousand deep", .beyondLimit) { pickle in
      pickle.op(.none)
      pickle.raw([UInt8](repeating: PickleOpcode.tuple1.rawValue, count: 100_000))
    },
    HostileCase("two million lists", .beyondLimit) {
      $0.raw([UInt8](repeating: PickleOpcode.emptyList.rawValue, count: 2_000_000))
    },
    HostileCase("five million values", .beyondLimit) {
      $0.raw([UInt8](repeating: PickleOpcode.none.rawValue, count: 5_000_000))
    },
    HostileCase("five million marks", .beyondLimit) {
      $0.raw([UInt8](repeating: PickleOpcode.mark.rawValue, count: 5_000_000))
    },
    HostileCase("a dictionary copied and changed again and again", .beyondLimit) { pickle in
      pickle.op(.emptyDict, .mark)
      for _ in 0..<20_000 { pickle.op(.none, .none) }
      pickle.op(.setItems, .binPut)
      pickle.raw([0])
      for _ in 0..<500 {
        pickle.global("collections", "OrderedDict")
        pickle.raw([PickleOpcode.binGet.rawValue, 0])
        pickle.op(.tuple1, .reduce, .none, .none, .setItem, .pop)
      }
    },
  ]

  @Test(arguments: names + callers)
  func `nothing is called that is not on the list`(_ hostile: HostileCase) throws {
    try hostile.check()
  }

  @Test(arguments: stacks)
  func `a program that is none is refused`(_ hostile: HostileCase) throws {
    try hostile.check()
  }

  @Test(arguments: growth)
  func `a pickle that grows without bound meets one`(_ hostile: HostileCase) throws {
    try hostile.check()
  }

  @Test func `the error names what the pickle asked for, and where`() throws {
    let pickle = PickleBytes.make { $0.call("os", "system") { $0.text("id") } }
    let file = try ScratchFile(ArchiveBytes(pickle: pickle).bytes)
    let error = WeightFileError.forbiddenGlobal(
      place: "\(file.path): a/data.pkl", name: "os.system", offset: 2)
    #expect(throws: error) { try WeightFile.open(file.path) }
    #expect("\(error)".contains("`os.system`"))
  }
}
