internal import PairData

extension RunPlan: CustomStringConvertible {
  /// The plan for people: recipe, parameters, memory, cost, data.
  public var description: String {
    ([recipe.resolved, parameterTable] + [memoryText] + encodingText + [costText, dataText]
      + (start.map { [$0.description] } ?? []))
      .joined(separator: "\n") + "\n"
  }

  private var parameterTable: String {
    let header = ["parameter", "shape", "", "decay", "rate"]
    let lines = rows.map { row in
      [
        row.path, row.sizes.map(String.init).joined(separator: " x "),
        row.isTrained ? "trained" : "locked",
        row.isTrained ? PlainNumber.text(row.weightDecay) : "",
        row.isTrained ? PlainNumber.text(row.learningRate) : "",
      ]
    }
    let widths = header.indices.map { column in
      ([header] + lines).map { $0[column].count }.max() ?? 0
    }
    let table = ([header] + lines).map { line in
      var text = zip(line, widths).map { cell, width in
        cell + String(repeating: " ", count: width - cell.count)
      }.joined(separator: "  ")
      while text.hasSuffix(" ") { text.removeLast() }
      return text
    }
    let trained = rows.filter(\.isTrained).reduce(0) { $0 + $1.elementCount }
    let all = rows.reduce(0) { $0 + $1.elementCount }
    return (table + ["\(trained) of \(all) numbers are trained", ""]).joined(separator: "\n")
  }

  private var memoryText: String {
    func line(_ name: String, _ bytes: Int) -> String {
      "  \(name)" + FixedText.right(Self.mebibytes(bytes), width: 30 - name.count)
    }
    let others = [("teacher", memory.teacher), ("encoded once", memory.tables)]
      .filter { $0.1 > 0 }.map(line)
    return
      (["Memory"]
      + [
        line("parameters", memory.parameters), line("gradients", memory.gradients),
        line("moments", memory.moments),
      ] + (memory.averages > 0 ? [line("averages", memory.averages)] : [])
      + [
        line("checkpoint's copies", memory.snapshot),
        line("image activations", memory.imageActivations),
        line("text activations", memory.textActivations),
        line("loss activations", memory.lossActivations),
      ] + others + [line("in all", memory.total), ""]).joined(separator: "\n")
  }

  /// What comes before the first step; nothing where nothing does.
  private var encodingText: [String] {
    guard !encodings.isEmpty else { return [] }
    let lines = encodings.map { encoding in
      let found = recipe.data.isCached ? "\(encoding.foundCount) of them in the cache" : "no cache"
      return "  \(encoding.count) \(encoding.name), \(found): \(Self.billions(encoding.operations))"
    }
    return ["Once, before the first step\n" + lines.joined(separator: "\n") + "\n"]
  }

  private static func billions(_ operations: Int) -> String {
    FixedText.number(Double(operations) / 1e9, decimals: 1) + " GFLOP"
  }

  private var costText: String {
    let masking = keptPatches.map { ", \($0.keptCount) of \($0.patchCount) patches each" } ?? ""
    var teacher = ""
    if keepsTeacherFeatures {
      teacher = "\n  teacher   encodes pictures once, before the first step"
    } else if cost.teacherChunks > 0 {
      teacher =
        "\n  teacher   \(Self.billions(cost.teacherOperations)), \(Self.chunks(cost.teacherChunks))"
    }
    let images =
      keepsImageEmbeddings
      ? "  pictures  encoded once, before the first step"
      : "  pictures  \(Self.billions(cost.imageOperations)), \(Self.chunks(cost.imageChunks)), "
        + "\(cost.imageChunksAgain) of them encoded twice"
        + "\(Self.recomputation(cost.recomputesImage))\(masking)"
    let texts =
      keepsTextEmbeddings
      ? "  texts     encoded once, before the first step"
      : "  texts     \(Self.billions(cost.textOperations)), \(Self.chunks(cost.textChunks)), "
        + "\(cost.textChunksAgain) of them encoded twice"
        + Self.recomputation(cost.recomputesText)
    return """
      Each of \(FixedText.count(totalSteps, "step")) (\(FixedText.short(stepsPerEpoch)) an epoch)
      \(images)\(teacher)
      \(texts)
        loss      \(Self.billions(cost.lossOperations))
        in all    \(Self.billions(cost.operations))

      """
  }

  private var dataText: String {
    var lines = ["Data", training.line("training")]
    if let validation { lines.append(validation.line("validation")) }
    for check in [training, validation].compactMap(\.self) {
      if check.ignored.count > 0 { lines.append("  \(check.ignored)") }
      lines += check.damaged.map { "  damaged: \($0)" }
    }
    if !notes.isEmpty { lines += [""] + notes.map { "Note: \($0)" } }
    return lines.joined(separator: "\n")
  }

  private static func recomputation(_ isOn: Bool) -> String {
    isOn ? ", blocks computed again for their gradient" : ""
  }

  private static func chunks(_ count: Int) -> String { count == 1 ? "1 chunk" : "\(count) chunks" }

  private static func mebibytes(_ bytes: Int) -> String {
    FixedText.number(Double(bytes) / Double(1 << 20), decimals: 1) + " MiB"
  }

  /// The plan for scripts.
  public var json: JSONText {
    .object([
      ("recipe", .text(recipe.resolved)),
      ("steps_per_epoch", .number(stepsPerEpoch)), ("total_steps", .integer(totalSteps)),
      ("image_embeddings_kept", .boolean(keepsImageEmbeddings)),
      ("text_embeddings_kept", .boolean(keepsTextEmbeddings)),
      ("teacher_features_kept", .boolean(keepsTeacherFeatures)),
      ("patches_kept", keptPatches.map { .integer($0.keptCount) } ?? .null),
      (
        "recomputation",
        .object([
          ("image", .boolean(cost.recomputesImage)), ("text", .boolean(cost.recomputesText)),
        ])
      ),
      ("parameters", .array(rows.map(\.json))),
      (
        "memory_bytes",
        .object([
          ("parameters", .integer(memory.parameters)), ("gradients", .integer(memory.gradients)),
          ("moments", .integer(memory.moments)), ("averages", .integer(memory.averages)),
          ("snapshot", .integer(memory.snapshot)),
          ("image_activations", .integer(memory.imageActivations)),
          ("text_activations", .integer(memory.textActivations)),
          ("loss_activations", .integer(memory.lossActivations)),
          ("teacher", .integer(memory.teacher)), ("encoded_once", .integer(memory.tables)),
          ("total", .integer(memory.total)),
        ])
      ),
      (
        "floating_point_operations_per_step",
        .object([
          ("image", .integer(cost.imageOperations)), ("text", .integer(cost.textOperations)),
          ("loss", .integer(cost.lossOperations)), ("teacher", .integer(cost.teacherOperations)),
          ("total", .integer(cost.operations)),
        ])
      ),
      ("encoded_once", .array(encodings.map(\.json))),
      ("goes_on_from", start?.json ?? .null),
      ("notes", .array(notes.map { .text($0) })),
      ("training_data", training.json), ("validation_data", validation?.json ?? .null),
    ])
  }
}

extension RunPlan.Row {
  var elementCount: Int { sizes.reduce(1, *) }

  fileprivate var json: JSONText {
    .object([
      ("path", .text(path)), ("shape", .array(sizes.map { .integer($0) })),
      ("trained", .boolean(isTrained)), ("weight_decay", .single(weightDecay)),
      ("learning_rate", .single(learningRate)),
    ])
  }
}

extension DataCheck {
  fileprivate func line(_ name: String) -> String {
    "  \(name): \(readCount) of \(pairCount) pairs read, \(damaged.count) damaged; \(captionCount) "
      + "captions of \(FixedText.number(tokensPerText, decimals: 1)) tokens on average, "
      + "\(longestTokens) at most, \(truncatedCount) cut"
  }

  fileprivate var json: JSONText {
    .object([
      ("pairs", .integer(pairCount)), ("read", .integer(readCount)),
      ("damaged", .array(damaged.map { .text("\($0)") })), ("captions", .integer(captionCount)),
      ("tokens", .integer(tokenCount)), ("longest_tokens", .integer(longestTokens)),
      ("truncated", .integer(truncatedCount)),
    ])
  }
}
