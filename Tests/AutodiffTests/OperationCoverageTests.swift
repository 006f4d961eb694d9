import Autodiff
import Foundation
import TestSupport
import Testing

/// Every operation has all its faces; the list is read from the sources, so none can be forgotten.
@Suite struct OperationCoverageTests {
  static let sources = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Sources")

  /// The names of all operations, and which of them are parts of gradients.
  static func declaredOperations() throws -> [(name: String, isGradient: Bool)] {
    let folder = sources.appending(path: "Autodiff")
    let operations = folder.appending(path: "Operations")
    let files =
      try FileManager.default.contentsOfDirectory(at: operations, includingPropertiesForKeys: nil)
      + [folder.appending(path: "Operation.swift")]
    let pattern = /struct (\w+): (Operation|GradientOperation)\b/
    return try files.sorted { $0.path < $1.path }.flatMap { file in
      try String(contentsOf: file, encoding: .utf8).matches(of: pattern).map {
        (String($0.1), $0.2 == "GradientOperation")
      }
    }
  }

  /// What comes from outside is stored, not computed.
  static let sourcesOfValues: Set = ["Input", "ParameterRead"]

  @Test func `the sources are found`() throws {
    let names = try Self.declaredOperations().map(\.name)
    #expect(names.count > 30 && names.contains("Attention") && names.contains("BiasGradient"))
    #expect(Set(names).count == names.count)
  }

  @Test func `every operation has a reference face and a case`() throws {
    let captured = OperationCase.catalog.flatMap { $0.captured().operations }
    for (name, _) in try Self.declaredOperations() where !Self.sourcesOfValues.contains(name) {
      let found = captured.first { $0.name == name }
      let operation = try #require(found, "\(name) is in no case of OperationCase.catalog.")
      #expect(operation is any ReferenceExecutable, "\(name) has no reference face.")
    }
  }

  @Test func `every operation's gradient is checked`() throws {
    let forward = Set(
      OperationCase.catalog.flatMap { $0.captured().forwardOperations.map(\.name) })
    for (name, isGradient) in try Self.declaredOperations() where !isGradient {
      #expect(forward.contains(name), "\(name) is in no gradient check.")
    }
  }

  /// Operations that an exported encoder never holds, with the reason.
  static let withoutONNX: [String: String] = [
    "Dropout": "is the identity in inference",
    "SymmetricInfoNCE": "is a loss; encoders are exported",
  ]

  @Test func `every operation of an encoder has an ONNX face, or a reason for none`() throws {
    let folder = Self.sources.appending(path: "ONNXExport/Operations")
    let faces = try FileManager.default.contentsOfDirectory(
      at: folder, includingPropertiesForKeys: nil)
    let text = try faces.map { try String(contentsOf: $0, encoding: .utf8) }.joined()
    for (name, isGradient) in try Self.declaredOperations() where !isGradient {
      let hasFace = text.contains("extension \(name):")
      let reason = Self.withoutONNX[name]
      #expect(hasFace != (reason != nil), "\(name): face \(hasFace), reason \(reason ?? "none").")
    }
  }
}
