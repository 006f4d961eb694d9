import Autodiff
import Foundation

/// The symmetric contrastive loss and its gradients from the textbook's formula, in Double, with
/// the whole matrix of logits at hand.
struct PlainContrastiveLoss {
  private(set) var loss = 0.0
  /// [pairs, width].
  private(set) var imageGradient: [Double]
  private(set) var textGradient: [Double]
  /// With respect to the multiplier of similarities.
  private(set) var scaleGradient = 0.0

  init(
    image: [Float], text: [Float], width: Int, scale: Double, imageGroups: [Int32],
    textGroups: [Int32], repeatedPairs: SymmetricInfoNCE.RepeatedPairs
  ) {
    let count = imageGroups.count
    let similarities = (0..<count).map { i in
      (0..<count).map { j in
        (0..<width).reduce(0.0) {
          $0 + Double(image[i * width + $1]) * Double(text[j * width + $1])
        }
      }
    }
    func isRepeated(_ i: Int, _ j: Int) -> Bool {
      i != j && (imageGroups[i] == imageGroups[j] || textGroups[i] == textGroups[j])
    }
    // Both directions are the same sum with the roles of i and j exchanged.
    var shares = [[Double]](repeating: [Double](repeating: 0, count: count), count: count)
    for isTransposed in [false, true] {
      for i in 0..<count {
        func logit(_ j: Int) -> Double {
          scale * (isTransposed ? similarities[j][i] : similarities[i][j])
        }
        func isPositive(_ j: Int) -> Bool {
          j == i || repeatedPairs == .positive && isRepeated(i, j)
        }
        let candidates = (0..<count).filter { repeatedPairs != .masked || !isRepeated(i, $0) }
        let positives = candidates.filter(isPositive)
        let largest = candidates.map(logit).max() ?? 0
        let sum = candidates.reduce(0.0) { $0 + exp(logit($1) - largest) }
        let target = positives.reduce(0.0) { $0 + logit($1) } / Double(positives.count)
        loss += (largest + log(sum) - target) / Double(2 * count)
        for j in candidates {
          var share = exp(logit(j) - largest) / sum
          if isPositive(j) { share -= 1 / Double(positives.count) }
          let (row, column) = isTransposed ? (j, i) : (i, j)
          shares[row][column] += share / Double(2 * count)
        }
      }
    }
    imageGradient = [Double](repeating: 0, count: count * width)
    textGradient = imageGradient
    for i in 0..<count {
      for j in 0..<count where shares[i][j] != 0 {
        scaleGradient += shares[i][j] * similarities[i][j]
        let share = scale * shares[i][j]
        for column in 0..<width {
          imageGradient[i * width + column] += share * Double(text[j * width + column])
          textGradient[j * width + column] += share * Double(image[i * width + column])
        }
      }
    }
  }
}
