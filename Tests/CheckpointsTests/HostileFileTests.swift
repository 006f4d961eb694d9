import CHDF5
import FileTestSupport
import Foundation
import Testing

@testable import Checkpoints

/// Checkpoints with one member that was put there to do something else.
@Suite struct HostileFileTests {
  private static let victim = "text/blocks/0/norm/scale"
  private let sample: SampleCheckpoint

  init() throws { sample = try SampleCheckpoint.small() }

  /// The first thing that is found, by opening or by verifying.
  private func finding(_ body: (hid_t) throws -> Void) throws -> CheckpointError? {
    try edit(sample.path, body)
    return CheckpointReader.verify(sample.path).first
  }

  private func finding(_ replacement: Replacement) throws -> CheckpointError? {
    try finding { replacement.put(at: "parameters/\(Self.victim)", in: $0) }
  }

  private func damage(_ problem: String) -> CheckpointError {
    .damaged(path: sample.path, member: "parameters/\(Self.victim)", problem: problem)
  }

  // MARK: Links

  @Test(arguments: [
    "parameters/one", "parameters/text", "parameters", "recipe", "run", "optimizer",
  ])
  func `links to another file, to another place and to nothing are refused`(
    _ member: String
  ) throws {
    let kinds: [(hid_t) -> herr_t] = [
      { H5Lcreate_external("other.h5", "/", $0, member, 0, 0) },
      { H5Lcreate_soft("/vocabulary", $0, member, 0, 0) },
      { H5Lcreate_soft("/nowhere", $0, member, 0, 0) },
    ]
    for create in kinds {
      let sample = try SampleCheckpoint.small()
      try edit(sample.path) { file in
        #expect(H5Ldelete(file, member, 0) >= 0)
        #expect(create(file) >= 0)
      }
      #expect(
        CheckpointReader.verify(sample.path) == [
          .forbidden(
            path: sample.path, member: member, problem: "is a link that leads elsewhere")
        ])
    }
  }

  @Test func `groups that contain themselves come to an end`() throws {
    let found = try finding { file in
      #expect(H5Lcreate_hard(file, "parameters", file, "parameters/loop", 0, 0) >= 0)
    }
    guard case .forbidden(sample.path, _, "nests groups without end")? = found else {
      Issue.record("\(String(describing: found))")
      return
    }
  }

  @Test func `groups that branch without end come to an end`() throws {
    let found = try finding { file in
      for name in ["a", "b", "c", "d"] {
        #expect(H5Lcreate_hard(file, "parameters", file, "parameters/\(name)", 0, 0) >= 0)
      }
    }
    guard case .forbidden? = found else {
      Issue.record("\(String(describing: found))")
      return
    }
  }

  @Test func `a named type among the tensors is refused`() throws {
    let found = try finding { file in
      let type = H5Tcopy(dq_h5_file_float())
      defer { H5Tclose(type) }
      #expect(H5Tcommit2(file, "parameters/type", type, 0, 0, 0) >= 0)
    }
    #expect(
      found
        == .forbidden(path: sample.path, member: "type", problem: "is neither group nor dataset"))
  }

  @Test func `a dataset for a group and a group for a dataset are damage`() throws {
    let found = try finding { file in
      Replacement(type: dq_h5_file_byte).put(at: "optimizer/first_moment", in: file)
    }
    #expect(
      found == .damaged(path: sample.path, member: "optimizer/first_moment", problem: "not a group")
    )
    let other = try SampleCheckpoint.small()
    try edit(other.path) { file in
      #expect(H5Ldelete(file, "recipe", 0) >= 0)
      H5Gclose(H5Gcreate2(file, "recipe", 0, 0, 0))
    }
    guard case .damaged(other.path, "recipe", _)? = CheckpointReader.verify(other.path).first
    else {
      Issue.record("a group for the recipe")
      return
    }
  }

  // MARK: Storage elsewhere

  @Test func `data in another file are never read`() throws {
    let secret = try sample.folder.write([UInt8](repeating: 0x41, count: 64), to: "secret")
    let found = try finding(
      Replacement(
        chunk: nil, prepare: { #expect(H5Pset_external($0, secret, 0, 32) >= 0) },
        isChecked: false))
    #expect(
      found
        == .forbidden(
          path: sample.path, member: "parameters/\(Self.victim)",
          problem: "keeps its data in another file"))
  }

  @Test func `a text in another file is never read`() throws {
    let secret = try sample.folder.write(Array("secret".utf8), to: "secret")
    let found = try finding { file in
      Replacement(
        sizes: [6], chunk: nil, type: dq_h5_file_byte,
        prepare: { #expect(H5Pset_external($0, secret, 0, 6) >= 0) }, isChecked: false
      ).put(at: "vocabulary", in: file)
    }
    #expect(
      found
        == .forbidden(
          path: sample.path, member: "vocabulary", problem: "keeps its data in another file"))
  }

  @Test func `virtual and compact datasets are refused`() throws {
    let virtual = Replacement(
      chunk: nil,
      prepare: { creation in
        var sizes: [hsize_t] = [8]
        let space = H5Screate_simple(1, &sizes, nil)
        defer { H5Sclose(space) }
        #expect(H5Pset_virtual(creation, space, "other.h5", "/x", space) >= 0)
      }, isChecked: false)
    let compact = Replacement(
      chunk: nil, prepare: { #expect(H5Pset_layout($0, H5D_COMPACT) >= 0) }, isChecked: false)
    for replacement in [virtual, compact] {
      #expect(
        try finding(replacement)
          == .forbidden(
            path: sample.path, member: "parameters/\(Self.victim)",
            problem: "has a layout that is not plain"))
    }
  }

  // MARK: Filters and missing checksums

  @Test func `other filters are refused, known or not`() throws {
    let filters: [(H5Z_filter_t, (hid_t) -> herr_t)] = [
      (H5Z_FILTER_SHUFFLE, { H5Pset_shuffle($0) }), (H5Z_FILTER_DEFLATE, { H5Pset_deflate($0, 9) }),
      (32_015, { H5Pset_filter($0, 32_015, UInt32(H5Z_FLAG_OPTIONAL), 0, nil) }),
    ]
    for (number, add) in filters {
      let found = try finding(Replacement(prepare: { #expect(add($0) >= 0) }))
      #expect(
        found
          == .forbidden(
            path: sample.path, member: "parameters/\(Self.victim)",
            problem: "uses filter \(number)"))
    }
  }

  @Test func `data without checksums are damage`() throws {
    #expect(try finding(Replacement(isChecked: false)) == damage("it carries no checksums"))
    let contiguous = Replacement(chunk: nil, isChecked: false)
    #expect(try finding(contiguous) == damage("it carries no checksums"))
    let twice = Replacement(prepare: { H5Pset_fletcher32($0) })
    #expect(try finding(twice) == damage("it carries no checksums"))
  }

  // MARK: Types and sizes

  @Test func `other element types are damage`() throws {
    let types: [() -> hid_t] = [
      dq_h5_file_double, dq_h5_file_int64, dq_h5_file_byte,
      {
        let type = H5Tcopy(dq_h5_file_float())
        H5Tset_order(type, H5T_ORDER_BE)
        return type
      },
      {
        let type = H5Tcopy(dq_h5_c_string())
        H5Tset_size(type, variableSize)
        return type
      },
      {
        var sizes: [hsize_t] = [2]
        return H5Tarray_create2(dq_h5_file_float(), 1, &sizes)
      },
    ]
    for type in types {
      #expect(
        try finding(Replacement(type: type, isChecked: false)) == damage("another element type"))
    }
  }

  @Test(
    arguments: [
      [1 << 47], [1 << 62], [1 << 32, 1 << 32], [1 << 40, 0, 1 << 40],
    ] as [[hsize_t]])
  func `claims of more than the file holds are damage`(_ sizes: [hsize_t]) throws {
    let found = try finding(
      Replacement(sizes: sizes, chunk: sizes.map { min($0, 2) }.map { max($0, 1) }))
    #expect(found == damage("it claims more than the file holds"))
  }

  @Test func `chunks larger than the file are damage`() throws {
    let large = Replacement(sizes: [0], chunk: [1 << 29])
    #expect(try finding(large) == damage("its chunks are too large"))
  }

  @Test func `more dimensions than any tensor has are damage`() throws {
    let many = Replacement(
      sizes: Array(repeating: 1, count: 9), chunk: Array(repeating: 1, count: 9))
    #expect(try finding(many) == damage("9 dimensions"))
  }

  @Test func `a text larger than any is damage before it is read`() throws {
    let found = try finding { file in
      Replacement(sizes: [1 << 40], chunk: [1 << 10], type: dq_h5_file_byte)
        .put(at: "vocabulary", in: file)
    }
    #expect(
      found
        == .damaged(
          path: sample.path, member: "vocabulary", problem: "it claims more than the file holds"))
  }

  @Test func `a text that is not UTF-8 is damage`() throws {
    let found = try finding { file in
      let dataset = H5Dopen2(file, "configuration", 0)
      defer { H5Dclose(dataset) }
      let count = sample.document.configuration.utf8.count
      var bytes = [UInt8](repeating: 0xFF, count: count)
      #expect(H5Dwrite(dataset, dq_h5_native_byte(), 0, 0, 0, &bytes) >= 0)
    }
    #expect(
      found
        == .damaged(path: sample.path, member: "configuration", problem: "it is not UTF-8"))
  }

  @Test func `attributes of other types, sizes and counts are damage`() throws {
    let makers: [(hid_t) -> Void] = [
      { attribute(of: $0, type: H5Tcopy(dq_h5_file_int64()), sizes: [3]) },
      { attribute(of: $0, type: H5Tcopy(dq_h5_file_float()), sizes: []) },
      { attribute(of: $0, type: H5Tcopy(dq_h5_file_byte()), sizes: []) },
      { file in
        let type = H5Tcopy(dq_h5_c_string())
        H5Tset_size(type, variableSize)
        attribute(of: file, type: type, sizes: [])
      },
      { file in
        let type = H5Tcopy(dq_h5_c_string())
        H5Tset_size(type, 60_000)
        attribute(of: file, type: type, sizes: [])
      },
    ]
    for make in makers {
      guard case .damaged(sample.path, "family", _)? = try finding(make) else {
        Issue.record("an attribute")
        continue
      }
    }
  }
}

/// An attribute `family` of some type, which is closed here.
private func attribute(of file: hid_t, type: hid_t, sizes: [hsize_t]) {
  defer { H5Tclose(type) }
  H5Adelete(file, "family")
  var sizes = sizes
  let space =
    sizes.isEmpty ? H5Screate(H5S_SCALAR) : H5Screate_simple(Int32(sizes.count), &sizes, nil)
  defer { H5Sclose(space) }
  let attribute = H5Acreate2(file, "family", type, space, 0, 0)
  #expect(attribute >= 0)
  H5Aclose(attribute)
}

/// HDF5's H5T_VARIABLE, a macro that Swift does not see.
private let variableSize = -1
