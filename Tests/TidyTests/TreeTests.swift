import Testing

/// The rules, each held against the whole repository; a failure lists the places.
@Suite struct TreeTests {
  private let sources = SourceTree.sources
  private let written = SourceTree.sources.filter { !$0.isGenerated }

  private var compiled: [SourceFile] {
    written.filter { $0.language == .swift || $0.language == .c }
  }

  @Test func `the tree is found`() {
    #expect(sources.contains { $0.path == "Sources/Autodiff/Graph.swift" })
    #expect(sources.contains { $0.path == "Sources/CKernels/include/CKernels.h" })
    #expect(SourceTree.texts.contains { $0.path == "Package.swift" })
  }

  @Test func `no file has more than 400 lines`() {
    written.flatMap(LengthRules.longFile).expectNone()
  }

  @Test func `no function has more than 60 lines`() {
    compiled.flatMap(LengthRules.longFunctions).expectNone()
  }

  @Test func `no line has more than 100 columns`() {
    compiled.flatMap(LengthRules.longLines).expectNone()
  }

  @Test func `nothing is left for later in a comment`() {
    compiled.flatMap(WordRules.leftoverMarks).expectNone()
  }

  @Test func `only the command line prints`() {
    compiled.flatMap(WordRules.prints).expectNone()
  }

  @Test func `no trap is silent`() {
    compiled.flatMap(WordRules.silentTraps).expectNone()
  }

  @Test func `every type and file is named after a concept`() {
    compiled.flatMap(WordRules.emptyNames).expectNone()
  }

  @Test func `no code is commented out`() {
    compiled.flatMap(WordRules.commentedOutCode).expectNone()
  }

  @Test func `checks are switched off only where an argument is written down`() {
    compiled.flatMap { SafetyRules.uncheckedPlaces($0) }.expectNone()
  }

  @Test func `every exception from the checks is still needed`() {
    SafetyRules.staleExceptions(SafetyRules.exceptions, in: compiled).expectNone()
  }

  @Test func `imports follow the arrows between the modules`() {
    sources.flatMap(ImportRules.forbiddenImports).expectNone()
  }

  @Test func `C modules are imported internally`() {
    sources.flatMap(ImportRules.openForeignImports).expectNone()
  }

  @Test func `each C module is behind exactly one Swift module`() {
    ImportRules.sharedForeignModules(sources).expectNone()
  }

  @Test func `no file names a place outside the repository`() {
    SourceTree.texts.flatMap(PlaceRules.outsidePaths).expectNone()
  }
}
