/// The arrows between the modules: who may import whom.
enum ImportRules {
  private static let libraries = [
    "Autodiff", "CPUDevice", "Models", "Tokenizers", "DurableFiles", "StrictJSON", "PairData",
    "WeightFiles", "Checkpoints", "ProtobufSchemas", "ONNXExport",
  ]

  /// For each Swift module of ours, the modules it may import; those of ours stand above it.
  static let arrows: [(module: String, imports: [String])] = [
    ("Autodiff", []),
    ("CPUDevice", ["Autodiff", "CInstructions", "CKernels", "COpenBLAS"]),
    ("Models", ["Autodiff"]),
    ("Tokenizers", []),
    ("DurableFiles", ["CLibcrypto"]),
    ("StrictJSON", []),
    ("PairData", ["CImageCodecs", "DurableFiles", "StrictJSON", "Tokenizers"]),
    ("WeightFiles", ["DurableFiles", "StrictJSON"]),
    ("Checkpoints", ["CHDF5", "DurableFiles"]),
    ("ProtobufSchemas", ["SwiftProtobuf"]),
    ("ONNXExport", ["Autodiff", "DurableFiles", "ProtobufSchemas", "SwiftProtobuf"]),
    ("Training", libraries + ["SwiftProtobuf", "Logging", "Yams"]),
    ("duiqi", ["Training", "ArgumentParser"]),
  ]

  /// Modules of C code, ours and others'; each is behind one Swift module.
  static let foreign = [
    "CInstructions", "CKernels", "COpenBLAS", "CLibcrypto", "CImageCodecs", "CHDF5",
  ]

  private static let system = ["Glibc", "Synchronization"]
  private static let foundation = ["Foundation", "FoundationEssentials"]

  struct Import: Hashable, Sendable {
    /// From 0.
    let line: Int
    let module: String
    let access: String?
  }

  /// Imports that no arrow allows.
  static func forbiddenImports(_ file: SourceFile) -> [Finding] {
    guard let module = file.module, file.language == .swift else { return [] }
    guard let arrow = arrows.first(where: { $0.module == module }) else {
      return [file.finding(0, "\(module) is not in the table of arrows")]
    }
    let usesFoundation = ["Training", "duiqi"].contains(module)
    let allowed = arrow.imports + system + (usesFoundation ? foundation : [])
    return imports(in: file).filter { !allowed.contains($0.module) }
      .map { file.finding($0.line, "\(module) must not import \($0.module)") }
  }

  /// Imports of C modules that could leak into an interface.
  static func openForeignImports(_ file: SourceFile) -> [Finding] {
    guard file.module != nil, file.language == .swift else { return [] }
    return imports(in: file).filter { foreign.contains($0.module) && $0.access != "internal" }
      .map { file.finding($0.line, "\($0.module) is imported otherwise than `internal import`") }
  }

  /// C modules that several Swift modules import, or none.
  static func sharedForeignModules(_ files: [SourceFile]) -> [Finding] {
    foreign.flatMap { name -> [Finding] in
      var importers: [(module: String, finding: Finding)] = []
      for file in files where file.language == .swift {
        guard let module = file.module else { continue }
        for use in imports(in: file) where use.module == name {
          if importers.contains(where: { $0.module == module }) { continue }
          let finding = file.finding(use.line, "\(name) is imported by \(module) too")
          importers.append((module, finding))
        }
      }
      if importers.isEmpty {
        return [Finding(path: "Sources/\(name)", line: 1, message: "no Swift module imports it")]
      }
      return importers.count == 1 ? [] : importers.map(\.finding)
    }
  }

  /// The import declarations of a file: attributes, access, kind, module.
  static func imports(in file: SourceFile) -> [Import] {
    file.code.enumerated().flatMap { index, line -> [Import] in
      guard line.contains("import") else { return [] }
      return line.split(separator: ";").compactMap { statement in
        var words = statement.split(separator: " ").map(String.init)
        while words.first?.hasPrefix("@") == true { words.removeFirst() }
        let access = words.first == "import" ? nil : words.first
        if access != nil { words.removeFirst() }
        guard words.first == "import", words.count > 1 else { return nil }
        let kinds = [
          "struct", "class", "enum", "protocol", "func", "var", "let", "typealias", "actor",
        ]
        let name = kinds.contains(words[1]) && words.count > 2 ? words[2] : words[1]
        let module = name.split(separator: ".").first.map(String.init) ?? name
        return Import(line: index, module: module, access: access)
      }
    }
  }
}
