public import Autodiff
internal import Glibc

extension SymmetricInfoNCE: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    let logits = Logits(inputs, repeatedPairs)
    let n = logits.count
    var (rowLogSumExp, columnLogSumExp) = ([Double](), [Double]())
    var loss = 0.0
    for i in 0..<n {
      let others = (0..<n).filter { logits.takesPart(i, $0) }
      rowLogSumExp.append(log(others.reduce(0) { $0 + exp(logits.values[i, $1]) }))
      columnLogSumExp.append(log(others.reduce(0) { $0 + exp(logits.values[$1, i]) }))
      let positives = (0..<n).filter { logits.isPositive(i, $0) }
      let count = Double(positives.count)
      let rowTarget = positives.reduce(0) { $0 + logits.values[i, $1] } / count
      let columnTarget = positives.reduce(0) { $0 + logits.values[$1, i] } / count
      loss += (rowLogSumExp[i] - rowTarget + columnLogSumExp[i] - columnTarget) / 2
    }
    return [
      ReferenceArray(sizes: [1], values: [loss / Double(n)]),
      ReferenceArray(sizes: [n], values: rowLogSumExp),
      ReferenceArray(sizes: [n], values: columnLogSumExp),
    ]
  }
}

extension SymmetricInfoNCEGradient: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    let (image, text, scale) = (inputs[0], inputs[1], inputs[2].values[0])
    let (rowLogSumExp, columnLogSumExp) = (inputs[5].values, inputs[6].values)
    let dLoss = inputs[7].values[0]
    let logits = Logits(inputs, repeatedPairs)
    let n = logits.count
    let positiveCounts = (0..<n).map { i in
      Double((0..<n).filter { logits.isPositive(i, $0) }.count)
    }
    var dImage = ReferenceArray(sizes: image.sizes, repeating: 0)
    var dText = dImage
    var dScale = 0.0
    for i in 0..<n {
      for j in 0..<n where logits.takesPart(i, j) {
        let logit = logits.values[i, j]
        var share = exp(logit - rowLogSumExp[i]) + exp(logit - columnLogSumExp[j])
        if logits.isPositive(i, j) { share -= 1 / positiveCounts[i] + 1 / positiveCounts[j] }
        let dLogit = dLoss * share / Double(2 * n)
        for column in 0..<image.width {
          dImage[i, column] += scale * dLogit * text[j, column]
          dText[j, column] += scale * dLogit * image[i, column]
          dScale += dLogit * image[i, column] * text[j, column]
        }
      }
    }
    return [dImage, dText, ReferenceArray(sizes: [1], values: [dScale])]
  }
}

/// scale * image textᵀ, held whole.
private struct Logits {
  let count: Int
  private(set) var values: ReferenceArray
  private let imageGroups: [Double]
  private let textGroups: [Double]
  private let policy: SymmetricInfoNCE.RepeatedPairs

  init(_ inputs: [ReferenceArray], _ policy: SymmetricInfoNCE.RepeatedPairs) {
    let (image, text) = (inputs[0], inputs[1])
    count = image.rows
    values = ReferenceArray(sizes: [count, count], repeating: 0)
    for i in 0..<count {
      for j in 0..<count {
        for column in 0..<image.width { values[i, j] += image[i, column] * text[j, column] }
        values[i, j] *= inputs[2].values[0]
      }
    }
    (imageGroups, textGroups) = (inputs[3].values, inputs[4].values)
    self.policy = policy
  }

  private func isRepeated(_ i: Int, _ j: Int) -> Bool {
    imageGroups[i] == imageGroups[j] || textGroups[i] == textGroups[j]
  }

  func takesPart(_ i: Int, _ j: Int) -> Bool {
    i == j || policy != .masked || !isRepeated(i, j)
  }

  func isPositive(_ i: Int, _ j: Int) -> Bool {
    i == j || policy == .positive && isRepeated(i, j)
  }
}
