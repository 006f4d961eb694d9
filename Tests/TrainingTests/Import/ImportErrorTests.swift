import Foundation
import Testing
import WeightFiles

@testable import Training

/// What is refused: by its kind, with nothing written.
@Suite struct ImportErrorTests {
  /// The error of an import that must fail, after a look at what it left behind.
  private func error(
    _ fixtures: ForeignFixtures, _ request: ImportRequest,
    sourceLocation: SourceLocation = #_sourceLocation
  ) -> ImportError? {
    let before = fixtures.names
    do throws(ModelError) {
      _ = try ModelImport.run(request)
      Issue.record("it was imported", sourceLocation: sourceLocation)
    } catch .importing(let error) {
      #expect(fixtures.names == before, sourceLocation: sourceLocation)
      #expect("\(error)".contains(". "), sourceLocation: sourceLocation)
      return error
    } catch {
      Issue.record("another error: \(error)", sourceLocation: sourceLocation)
    }
    return nil
  }

  /// A copy of `plain.pt` with changed tensors.
  private func edited(
    _ edit: (inout [ForeignFixtures.Tensor]) throws -> Void
  ) throws -> (fixtures: ForeignFixtures, path: String) {
    let fixtures = try ForeignFixtures()
    var tensors = try ForeignFixtures.tensors("plain.pt")
    try edit(&tensors)
    return (fixtures, try fixtures.write(tensors))
  }

  private func folder() throws -> (fixtures: ForeignFixtures, path: String) {
    let fixtures = try ForeignFixtures()
    return (fixtures, try fixtures.copy("huggingface"))
  }

  @Test func `an edited copy without an edit is imported`() throws {
    let (fixtures, path) = try edited { _ in }
    _ = try ModelImport.run(fixtures.request(path))
    #expect(try ForeignFixtures.Rows(fixtures.output).error() < 2e-6)
  }

  @Test func `a missing tensor is named`() throws {
    let name = "bert.encoder.layer.1.output.dense.bias"
    let (fixtures, path) = try edited { $0.removeAll { $0.name == name } }
    #expect(
      error(fixtures, fixtures.request(path)) == .missingTensors(path: path, names: [name]))
  }

  @Test func `a tensor that nothing is known of is named`() throws {
    let (fixtures, path) = try edited {
      $0.append(.init(name: "visual.extra", shape: [1], numbers: [1]))
    }
    #expect(
      error(fixtures, fixtures.request(path))
        == .unexpectedTensors(path: path, names: ["visual.extra"]))
  }

  @Test(arguments: ["256", "99999999999999999999", "-1", "x"])
  func `a block of an impossible number is named`(_ number: String) throws {
    let name = "visual.transformer.resblocks.\(number).ln_1.weight"
    let (fixtures, path) = try edited {
      $0.append(.init(name: name, shape: [1], numbers: [1]))
    }
    #expect(
      error(fixtures, fixtures.request(path)) == .unexpectedTensors(path: path, names: [name]))
  }

  @Test func `a weight under its old name and its new one is named`() throws {
    let fixtures = try ForeignFixtures()
    var tensors = try ForeignFixtures.tensors("bert/pytorch_model.bin")
    let old = try #require(tensors.first { $0.name == "bert.embeddings.LayerNorm.gamma" })
    tensors.append(
      .init(name: "embeddings.LayerNorm.weight", shape: old.shape, numbers: old.numbers))
    let path = try fixtures.write(tensors)
    let request = fixtures.request(
      .towers(image: ForeignFixtures.path("clip.pt"), text: path))
    #expect(
      error(fixtures, request)
        == .unexpectedTensors(path: path, names: ["embeddings.LayerNorm.weight"]))
  }

  @Test func `a text folder of another kind than BERT is refused by its type`() throws {
    let fixtures = try ForeignFixtures()
    let text = try fixtures.copy("bert")
    try fixtures.edit("bert/config.json", "\"model_type\": \"bert\"", "\"model_type\": \"gpt2\"")
    let request = fixtures.request(.towers(image: ForeignFixtures.path("clip.pt"), text: text))
    #expect("\(try #require(error(fixtures, request)))".contains("`gpt2`"))
  }

  @Test func `a tensor of another shape is named with both shapes`() throws {
    let name = "visual.transformer.resblocks.0.attn.in_proj_weight"
    let (fixtures, path) = try edited { tensors in
      for index in tensors.indices where tensors[index].name == name {
        tensors[index].shape = [16, 48]
      }
    }
    #expect(
      error(fixtures, fixtures.request(path))
        == .wrongShape(path: path, name: name, found: [16, 48], expected: [48, 16]))
  }

  @Test(arguments: [("visual.", "image"), ("bert.", "text")])
  func `a file of one tower says which one is missing`(_ prefix: String, _ tower: String) throws {
    let (fixtures, path) = try edited { $0.removeAll { $0.name.hasPrefix(prefix) } }
    guard case .missingTower(path, tower, _) = error(fixtures, fixtures.request(path)) else {
      Issue.record("another error")
      return
    }
  }

  @Test func `towers that project to different widths are of mixed sizes`() throws {
    let (fixtures, path) = try edited { tensors in
      for index in tensors.indices where tensors[index].name == "text_projection" {
        tensors[index].shape = [16, 4]
        tensors[index].numbers = Array(tensors[index].numbers.prefix(64))
      }
    }
    guard case .mixedSizes(path, _, _) = error(fixtures, fixtures.request(path)) else {
      Issue.record("another error")
      return
    }
  }

  @Test func `a published name must be that of the weights`() throws {
    let fixtures = try ForeignFixtures()
    var request = fixtures.request(ForeignFixtures.path("plain.pt"))
    request.model = "ViT-B-16"
    guard case .mixedSizes(_, _, "ViT-B-16") = error(fixtures, request) else {
      Issue.record("another error")
      return
    }
  }

  @Test func `heads that shapes do not show are asked for`() throws {
    let fixtures = try ForeignFixtures()
    var request = fixtures.request(ForeignFixtures.path("plain.pt"))
    request.textHeadWidth = nil
    let found = error(fixtures, request)
    #expect(
      found
        == .unknownHeads(
          path: ForeignFixtures.path("plain.pt"), tower: "text", width: 16,
          option: "--text-head-width"))
    request.textHeadWidth = 5
    #expect(error(fixtures, request) == found)
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func `weights that are not finite are refused, or taken when asked to`(_ value: Float) throws {
    let (fixtures, path) = try edited { $0[7].numbers[3] = value }
    let name = try WeightFile.open(path).tensors[7].name
    let expected = ImportError.notFinite(
      path: path, name: name, notANumber: value.isNaN ? 1 : 0, infinite: value.isNaN ? 0 : 1)
    #expect(error(fixtures, fixtures.request(path)) == expected)
    var request = fixtures.request(path)
    request.allowsNonFinite = true
    let report = try ModelImport.run(request)
    #expect(report.nonFinite.map(\.name) == [name])
    #expect(report.description.contains("not finite: \(name)"))
  }

  @Test func `a vocabulary must have an entry for each row`() throws {
    let (fixtures, path) = try edited { _ in }
    try fixtures.edit("vocab.txt", "##a\n", "")
    #expect(
      error(fixtures, fixtures.request(path))
        == .vocabularyLength(path: "\(fixtures.folder)/vocab.txt", found: 59, expected: 60))
    var request = fixtures.request(path)
    request.vocabulary = ForeignFixtures.path("vocab.txt")
    _ = try ModelImport.run(request)
  }

  @Test func `a vocabulary that is not beside the weights is asked for`() throws {
    let (fixtures, path) = try edited { _ in }
    try FileManager.default.removeItem(atPath: "\(fixtures.folder)/vocab.txt")
    #expect(
      error(fixtures, fixtures.request(path))
        == .noVocabulary(path: "\(fixtures.folder)/vocab.txt"))
  }

  @Test(arguments: [
    ("\"model_type\": \"chinese_clip\"", "\"model_type\": \"clip\"", "clip"),
    ("\"hidden_act\": \"quick_gelu\"", "\"hidden_act\": \"gelu\"", "hidden_act"),
    ("\"layer_norm_eps\": 1e-05", "\"layer_norm_eps\": 1e-06", "layer_norm_eps"),
    ("\"num_attention_heads\": 2", "\"num_attention_heads\": 3", "num_attention_heads"),
    ("\"intermediate_size\": 64", "\"intermediate_size\": 32", "intermediate_size"),
    ("\"projection_dim\": 8", "\"projection_dim\": 0", "projection_dim"),
    ("\"projection_dim\": 8", "\"projection_dim\": 9", "projection.weight"),
    ("\"patch_size\": 4", "\"patch_size\": 3", "patch_embedding"),
    ("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3", "layer"),
    ("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 4000000", "num_hidden_layers"),
    ("\"max_position_embeddings\": 16", "\"max_position_embeddings\": 70000", "is not imported"),
    ("\"vocab_size\": 60", "\"vocab_size\": 61", "word_embeddings"),
    ("{", "", "JSON"),
  ])
  func `a folder that is another model's is refused by what is different`(
    _ old: String, _ new: String, _ named: String
  ) throws {
    let (fixtures, source) = try folder()
    try fixtures.edit("huggingface/config.json", old, new)
    let found = error(fixtures, fixtures.request(source))
    #expect("\(try #require(found))".contains(named))
  }

  @Test(arguments: [
    ("\"resample\": 3", "\"resample\": 2", "resample"),
    ("\"do_normalize\": true", "\"do_normalize\": false", "do_normalize"),
    ("\"height\": 12", "\"height\": 13", "13 by 12"),
    ("[0.5, 0.25, 0.75]", "[0.5, 0.25, 0]", "image_std"),
    ("[0.5, 0.25, 0.125]", "[0.5, 0.25]", "image_mean"),
  ])
  func `pictures that would be prepared otherwise are refused`(
    _ old: String, _ new: String, _ named: String
  ) throws {
    let (fixtures, source) = try folder()
    try fixtures.edit("huggingface/preprocessor_config.json", old, new)
    let found = error(fixtures, fixtures.request(source))
    #expect("\(try #require(found))".contains(named))
  }

  @Test func `widths of heads are refused where a configuration says them`() throws {
    let (fixtures, source) = try folder()
    var request = fixtures.request(source)
    request.textHeadWidth = 4
    let found = #expect(throws: ModelError.self) { try ModelImport.run(request) }
    #expect(found?.description.contains("config.json says how many heads") == true)
  }

  @Test func `a name of the hub is no path, and nothing is downloaded`() throws {
    let fixtures = try ForeignFixtures()
    let found = #expect(throws: ModelError.self) {
      try ModelImport.run(fixtures.request("OFA-Sys/chinese-clip-vit-base-patch16"))
    }
    #expect(found?.description.contains("Nothing is downloaded") == true)
  }

  @Test func `a folder without a configuration is named`() throws {
    let (fixtures, source) = try folder()
    try FileManager.default.removeItem(atPath: "\(source)/config.json")
    guard
      case .missingFile("\(source)/config.json", _) = error(fixtures, fixtures.request(source))
    else {
      Issue.record("another error")
      return
    }
  }

  @Test func `cut pictures are noted, as they are not cut here`() throws {
    let (fixtures, source) = try folder()
    try fixtures.edit(
      "huggingface/preprocessor_config.json", "\"do_center_crop\": false",
      "\"do_center_crop\": true")
    let report = try ModelImport.run(fixtures.request(source))
    #expect(report.notes.count == 1 && report.description.contains("note: "))
  }

  @Test func `a damaged or hostile file keeps its own error`() throws {
    let fixtures = try ForeignFixtures()
    let path = "\(fixtures.folder)/cut.pt"
    let whole = try Data(contentsOf: URL(filePath: ForeignFixtures.path("plain.pt")))
    try whole.prefix(whole.count / 2).write(to: URL(filePath: path))
    guard case .weights = error(fixtures, fixtures.request(path)) else {
      Issue.record("another error")
      return
    }
  }

  @Test func `the output is not the source`() throws {
    let (fixtures, path) = try edited { _ in }
    var request = fixtures.request(path)
    request.output = "\(fixtures.folder)/./source.safetensors"
    #expect(error(fixtures, request) == .replacesSource(path: path))
  }
}
