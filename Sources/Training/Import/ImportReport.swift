/// What an import did with every tensor it found: a summary for people, all of it as JSON.
public struct ImportReport: Sendable {
  /// A parameter and the foreign tensor it came from.
  struct Mapping: Sendable {
    let path: String
    let name: String
    /// As the file stores it.
    let elementType: String
    /// What was done besides: `transposed`, or a part of a stacked tensor.
    let edit: String?
  }

  struct LeftOver: Sendable, Equatable {
    let name: String
    let reason: String
  }

  /// Weights that are not finite and were taken all the same.
  struct NonFinite: Sendable {
    let name: String
    let notANumber: Int
    let infinite: Int
  }

  /// Each file that was read and its format.
  let sources: [(path: String, format: String)]
  /// Both towers' sizes; by their published names where they have some.
  let model: String
  let parameterCount: Int
  var mappings: [Mapping] = []
  let leftOver: [LeftOver]
  /// Parameters that no file has: drawn from the seed.
  var drawn: [String] = []
  var nonFinite: [NonFinite] = []
  let notes: [String]
  let output: String
  /// The digest over the parameters, hexadecimal.
  var sha256 = ""

  /// Foreign tensors that were used.
  var tensorCount: Int { Set(mappings.map(\.name)).count }
  /// Parameters by element types other than Float32, in the order of their first appearance.
  private var convertedTypes: [(type: String, count: Int)] {
    var counts: [(type: String, count: Int)] = []
    for mapping in mappings where mapping.elementType != "F32" {
      if let index = counts.firstIndex(where: { $0.type == mapping.elementType }) {
        counts[index].count += 1
      } else {
        counts.append((mapping.elementType, 1))
      }
    }
    return counts
  }

  public var json: JSONText {
    let texts = { (values: [String]) in JSONText.array(values.map { .text($0) }) }
    return .object([
      (
        "sources",
        .array(
          sources.map { .object([("path", .text($0.path)), ("format", .text($0.format))]) })
      ),
      ("model", .text(model)), ("parameters", .integer(parameterCount)),
      ("mapped", .array(mappings.map(\.json))),
      (
        "left_over",
        .array(
          leftOver.map { .object([("name", .text($0.name)), ("reason", .text($0.reason))]) })
      ),
      ("drawn", texts(drawn)),
      (
        "not_finite",
        .array(
          nonFinite.map {
            .object([
              ("name", .text($0.name)), ("not_a_number", .integer($0.notANumber)),
              ("infinite", .integer($0.infinite)),
            ])
          })
      ),
      ("notes", texts(notes)), ("checkpoint", .text(output)), ("sha256", .text(sha256)),
    ])
  }
}

extension ImportReport.Mapping {
  var json: JSONText {
    .object([
      ("path", .text(path)), ("tensor", .text(name)), ("type", .text(elementType)),
      ("edit", edit.map { .text($0) } ?? .null),
    ])
  }
}

extension ImportReport: CustomStringConvertible {
  /// As lines, without a line end after the last.
  public var description: String {
    var lines = sources.map { "\($0.path): \($0.format)" }
    lines.append("\(model), \(FixedText.count(parameterCount, "parameter"))")
    lines.append(
      "\(FixedText.count(tensorCount, "tensor")) mapped to "
        + FixedText.count(mappings.count, "parameter"))
    for (type, count) in convertedTypes {
      lines.append("  converted from \(type) to F32: \(FixedText.count(count, "parameter"))")
    }
    var edits: [String] = []
    for edit in mappings.compactMap(\.edit) where !edits.contains(edit) { edits.append(edit) }
    for edit in edits {
      let names = mappings.filter { $0.edit == edit }.map(\.name)
      lines.append("  \(edit): \(Self.list(names))")
    }
    if !drawn.isEmpty { lines.append("drawn from the seed: \(drawn.joined(separator: ", "))") }
    lines.append("\(leftOver.count) left over")
    lines += leftOver.map { "  \($0.name): \($0.reason)" }
    lines += nonFinite.map {
      "not finite: \($0.name), \($0.notANumber) no numbers, \($0.infinite) infinite"
    }
    lines += notes.map { "note: \($0)" }
    return (lines + ["wrote \(output), sha256 \(sha256)"]).joined(separator: "\n")
  }

  private static func list(_ names: [String]) -> String {
    names.count <= 4 ? names.joined(separator: ", ") : "\(names.count) parameters"
  }
}
