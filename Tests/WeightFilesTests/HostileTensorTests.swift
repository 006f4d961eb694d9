import Testing

@testable import WeightFiles

@Suite struct HostileTensorTests {
  static let views: [HostileCase] = [
    HostileCase("the sound tensor the others are made from", .read) {
      $0.entry("w") { $0.tensor() }
    },
    HostileCase("a shape beyond the storage", .malformed) {
      $0.entry("w") { $0.tensor(shape: [4]) }
    },
    HostileCase("an offset beyond the storage", .malformed) {
      $0.entry("w") { $0.tensor(offset: 1) }
    },
    HostileCase("an offset beyond the storage of no elements", .malformed) {
      $0.entry("w") { $0.tensor(offset: 4, shape: [0]) }
    },
    HostileCase("a stride beyond the storage", .malformed) {
      $0.entry("w") { $0.tensor(strides: [2]) }
    },
    HostileCase("a negative size", .malformed) { $0.entry("w") { $0.tensor(shape: [-3]) } },
    HostileCase("a negative stride", .malformed) { $0.entry("w") { $0.tensor(strides: [-1]) } },
    HostileCase("a negative offset", .malformed) { $0.entry("w") { $0.tensor(offset: -1) } },
    HostileCase("a shape whose product overflows", .malformed) {
      $0.entry("w") { $0.tensor(shape: [1 << 32, 1 << 32], strides: [0, 0]) }
    },
    HostileCase("a stride whose product overflows", .malformed) {
      $0.entry("w") { $0.tensor(shape: [3], strides: [.max]) }
    },
    HostileCase("an offset that overflows", .malformed) {
      $0.entry("w") { $0.tensor(offset: .max) }
    },
    HostileCase("a billion elements out of one", .beyondLimit) {
      $0.entry("w") { $0.tensor(shape: [1 << 30], strides: [0]) }
    },
    HostileCase("fewer strides than sizes", .malformed) {
      $0.entry("w") { $0.tensor(shape: [1, 3], strides: [1]) }
    },
    HostileCase("a hundred axes", .malformed) {
      $0.entry("w") {
        $0.tensor(shape: .init(repeating: 1, count: 100), strides: .init(repeating: 1, count: 100))
      }
    },
    HostileCase("a storage longer than its bytes", .malformed) {
      $0.entry("w") { $0.tensor(count: 4) }
    },
    HostileCase("a storage shorter than its bytes", .malformed) {
      $0.entry("w") { $0.tensor(count: 2, shape: [2]) }
    },
    HostileCase("a storage whose bytes overflow", .malformed) {
      $0.entry("w") { $0.tensor(count: .max) }
    },
    HostileCase("a negative storage", .malformed) { $0.entry("w") { $0.tensor(count: -3) } },
    HostileCase("a storage that is not there", .malformed) {
      $0.entry("w") { $0.tensor(key: "7") }
    },
    HostileCase("a storage outside the folder", .malformed) {
      $0.entry("w") { $0.tensor(key: "../version") }
    },
    HostileCase("the same name twice", .malformed) {
      $0.entry("w") { $0.tensor() }
      $0.text("w")
      $0.tensor()
      $0.op(.setItem)
    },
    HostileCase("the same name on two ways", .malformed) {
      $0.entry("a.b") { $0.tensor() }
      $0.text("a")
      $0.entry("b") { $0.tensor() }
      $0.op(.setItem)
    },
    HostileCase("a key that is no text", .unsupported) {
      $0.op(.emptyDict, .emptyTuple)
      $0.tensor()
      $0.op(.setItem)
    },
    HostileCase("a tensor of a plain value", .malformed) {
      $0.call("torch._utils", "_rebuild_tensor_v2") {
        $0.op(.none, .none, .none, .none, .none, .none)
      }
    },
    HostileCase("a tensor of too few arguments", .malformed) {
      $0.call("torch._utils", "_rebuild_tensor_v2") { $0.storage() }
    },
    HostileCase("a parameter of no tensor", .malformed) {
      $0.call("torch._utils", "_rebuild_parameter") { $0.op(.none, .newTrue, .none) }
    },
    HostileCase("a storage of another class", .malformed) {
      $0.entry("w") { $0.storage("Size") }
    },
  ]

  @Test(arguments: views)
  func `a tensor shows what is in its storage, or nothing`(_ hostile: HostileCase) throws {
    try hostile.check()
  }

  @Test func `a legacy part that reaches out of its storage is refused`() throws {
    func file(_ part: [Int64]) -> [UInt8] {
      let object = PickleBytes.make { pickle in
        pickle.entry("w") {
          $0.call("torch._utils", "_rebuild_tensor_v2") {
            $0.tuple {
              $0.text("storage")
              $0.global("torch", "FloatStorage")
              $0.text("k")
              $0.text("cpu")
              $0.integer(3)
              $0.tuple {
                $0.text("part")
                $0.integer(part[0])
                $0.integer(part[1])
              }
            }
            $0.op(.binPersistentID)
            $0.integer(0)
            $0.tuple([2])
            $0.tuple([1])
            $0.op(.newFalse, .none)
          }
        }
      }
      return LegacyBytes.file(object: object, storages: [("k", ArchiveBytes.threeFloats)])
    }
    #expect(try outcome(of: file([1, 2])).get() == ["w": [2, 3]])
    for part: [Int64] in [[2, 2], [0, 4], [-1, 2], [.max, 2], [1, .max], [0, 1]] {
      guard case .failure(.malformed) = try outcome(of: file(part)) else {
        Issue.record("\(part)")
        continue
      }
    }
  }
}

/// A stream as torch.save wrote it before version 1.6.
enum LegacyBytes {
  static func file(
    object: [UInt8], storages: [(key: String, floats: [UInt8])], isLittleEndian: Bool = true
  ) -> [UInt8] {
    var bytes = TorchLegacy.beginning + [PickleOpcode.stop.rawValue]
    bytes += PickleBytes.make { $0.integer(1_001) }
    bytes += PickleBytes.make {
      $0.entry("little_endian") { $0.op(isLittleEndian ? .newTrue : .newFalse) }
    }
    bytes += object
    bytes += PickleBytes.make { pickle in
      pickle.op(.emptyList, .mark)
      for storage in storages { pickle.text(storage.key) }
      pickle.op(.appends)
    }
    for storage in storages {
      bytes += PickleBytes.little(UInt64(storage.floats.count / 4), byteCount: 8) + storage.floats
    }
    return bytes
  }
}
