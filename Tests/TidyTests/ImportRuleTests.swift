import Testing

@Suite struct ImportRuleTests {
  private func file(_ module: String, _ text: String) -> SourceFile {
    SourceFile(path: "Sources/\(module)/Sample.swift", text: text)
  }

  @Test(arguments: [
    ("import Glibc", "Glibc", nil), ("internal import CHDF5", "CHDF5", "internal"),
    ("public import Autodiff", "Autodiff", "public"), ("@testable import Models", "Models", nil),
    ("@preconcurrency internal import Yams", "Yams", "internal"),
    ("import struct Glibc.stat", "Glibc", nil), ("  import Yams  // for recipes", "Yams", nil),
  ])
  func `an import is read whatever stands around it`(
    _ line: String, _ module: String, _ access: String?
  ) {
    let expected = ImportRules.Import(line: 0, module: module, access: access)
    #expect(ImportRules.imports(in: file("Models", line)) == [expected])
  }

  @Test(arguments: [
    "// import Yams", "let s = \"import Yams\"", "let important = 1", "/* import Yams */",
  ])
  func `what only looks like an import is not`(_ line: String) {
    #expect(ImportRules.imports(in: file("Models", line)).isEmpty)
  }

  @Test(arguments: [
    ("Autodiff", "Models"), ("Autodiff", "Foundation"), ("Tokenizers", "DurableFiles"),
    ("Models", "CPUDevice"), ("PairData", "Autodiff"), ("ONNXExport", "Models"),
    ("duiqi", "PairData"), ("CPUDevice", "FoundationEssentials"), ("Training", "ArgumentParser"),
  ])
  func `an import against the arrows is found`(_ module: String, _ imported: String) {
    let findings = ImportRules.forbiddenImports(file(module, "\ninternal import \(imported)\n"))
    #expect(findings.map(\.line) == [2])
  }

  @Test(arguments: [
    ("CPUDevice", "COpenBLAS"), ("Training", "Foundation"), ("duiqi", "ArgumentParser"),
    ("Autodiff", "Synchronization"), ("Tokenizers", "Glibc"), ("Training", "Checkpoints"),
  ])
  func `an import along the arrows is not`(_ module: String, _ imported: String) {
    #expect(ImportRules.forbiddenImports(file(module, "internal import \(imported)")).isEmpty)
  }

  @Test func `a module without an entry is found`() {
    #expect(ImportRules.forbiddenImports(file("Extras", "struct S {}")).map(\.line) == [1])
  }

  @Test func `the arrows make no circle: a module imports what stands above it`() {
    let modules = ImportRules.arrows.map(\.module)
    for (index, arrow) in ImportRules.arrows.enumerated() {
      let ours = arrow.imports.filter(modules.contains)
      #expect(ours.allSatisfy(modules[..<index].contains), "\(arrow.module)")
    }
  }

  @Test func `C imported openly is found`() {
    let text = "import CHDF5\npublic import CHDF5\ninternal import CHDF5\nimport Glibc\n"
    #expect(ImportRules.openForeignImports(file("Checkpoints", text)).map(\.line) == [1, 2])
  }

  @Test func `a C module with two importers or none is found`() {
    let one = ImportRules.foreign.map { file("Only\($0)", "internal import \($0)\n") }
    #expect(ImportRules.sharedForeignModules(one).isEmpty)
    let again = SourceFile(path: "Sources/OnlyCHDF5/B.swift", text: "internal import CHDF5\n")
    #expect(ImportRules.sharedForeignModules(one + [again]).isEmpty)
    let shared = ImportRules.sharedForeignModules(one + [file("Training", "internal import CHDF5")])
    #expect(shared.count == 2)
    #expect(ImportRules.sharedForeignModules(Array(one.dropLast())).count == 1)
  }

  @Test func `tests may import C modules`() {
    let test = SourceFile(path: "Tests/CPUDeviceTests/A.swift", text: "import CKernels\n")
    #expect(ImportRules.openForeignImports(test).isEmpty)
    #expect(ImportRules.forbiddenImports(test).isEmpty)
  }
}
