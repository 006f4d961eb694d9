import Autodiff
import Foundation
import TestSupport

/// All operations and the faces they have; finds those that lack one.
struct OperationCoverage {
  struct Declaration: Hashable {
    let name: String
    /// Whether it is part of a gradient, which is neither differentiated nor exported.
    let isGradient: Bool
  }

  /// Read from the sources, so that none can be forgotten.
  var declared: [Declaration]
  /// The nodes of all cases, their gradients included.
  var captured: [any Autodiff.Operation]
  /// The names of operations whose gradient a case checks.
  var checked: Set<String>
  /// The sources of the CPU's and of ONNX's faces.
  var cpuFaces: String
  var onnxFaces: String
  /// Operations that an exported encoder never holds, with the reason.
  var withoutONNX: [String: String]

  /// What comes from outside is stored, not computed, on every device.
  static let sourcesOfValues: Set = ["Input", "ParameterRead"]

  static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Of this repository.
  static func current() throws -> OperationCoverage {
    let cases = OperationCase.catalog.map { $0.captured() }
    return OperationCoverage(
      declared: declarations(in: try text(below: "Sources")),
      captured: cases.flatMap(\.operations),
      checked: Set(cases.flatMap { $0.forwardOperations.map(\.name) }),
      cpuFaces: try text(below: "Sources/CPUDevice"),
      onnxFaces: try text(below: "Sources/ONNXExport"),
      withoutONNX: [
        "BatchNormalization": "is FixedBatchNormalization in inference",
        "CosineDistance": "is a loss; encoders are exported",
        "Dropout": "is the identity in inference",
        "SymmetricInfoNCE": "is a loss; encoders are exported",
        "WidthInterpolation": "belongs to a loss; encoders are exported",
      ])
  }

  /// One sentence for each missing face.
  func gaps() -> [String] {
    let names = Set(declared.map(\.name))
    var gaps = declared.filter { !Self.sourcesOfValues.contains($0.name) }.flatMap(computedGaps)
    gaps += declared.filter { !$0.isGradient }.flatMap(exportGaps)
    for name in Set(captured.map(\.name)).subtracting(names).sorted() {
      gaps.append("\(name) is in a case and not among the declarations that were found.")
    }
    for name in withoutONNX.keys.sorted() where !names.contains(name) {
      gaps.append("\(name) has a reason for no ONNX face and does not exist.")
    }
    return gaps
  }

  private func computedGaps(_ operation: Declaration) -> [String] {
    let name = operation.name
    var gaps: [String] = []
    if let found = captured.first(where: { $0.name == name }) {
      if !(found is any ReferenceExecutable) { gaps.append("\(name) has no reference face.") }
    } else {
      gaps.append("\(name) is in no case of OperationCase.catalog.")
    }
    if !operation.isGradient, !checked.contains(name) {
      gaps.append("\(name) is in no gradient check.")
    }
    let faces = ["CPUExecutable", "RowwiseCPUExecutable"]
    if !faces.contains(where: { cpuFaces.contains("extension \(name): \($0)") }) {
      gaps.append("\(name) has no face on the CPU.")
    }
    return gaps
  }

  private func exportGaps(_ operation: Declaration) -> [String] {
    let hasFace = onnxFaces.contains("extension \(operation.name): ONNXLowerable")
    switch (hasFace, withoutONNX[operation.name]) {
    case (false, nil): return ["\(operation.name) has no ONNX face, nor a reason for none."]
    case (true, .some): return ["\(operation.name) has an ONNX face and a reason for none."]
    default: return []
    }
  }

  /// Types that are operations, in the order of the text.
  static func declarations(in text: String) -> [Declaration] {
    let pattern =
      /(?:struct|enum|class|extension) (\w+)\s*:[^{}]*?\b(Operation|GradientOperation)\b/
    return text.matches(of: pattern).map {
      Declaration(name: String($0.1), isGradient: $0.2 == "GradientOperation")
    }
  }

  private static func text(below folder: String) throws -> String {
    let files = FileManager.default.enumerator(atPath: root.appending(path: folder).path)
    let names = (files?.compactMap { $0 as? String } ?? []).filter { $0.hasSuffix(".swift") }
    return try names.sorted().map {
      try String(contentsOf: root.appending(path: "\(folder)/\($0)"), encoding: .utf8)
    }.joined(separator: "\n")
  }
}
