/// The symmetric contrastive loss over all pairs of a batch, both directions in one pass.
///
///     S = scale * image textᵀ
///     loss = mean over i of (lse_j S[i, j] - t(i)) / 2 + mean over j of (lse_i S[i, j] - t(j)) / 2
///
/// where lse runs over what the policy for repeated pairs leaves in and t is the mean of S over
/// the positives: the diagonal alone, or also pairs with an equal picture or caption.
///
/// Gradient:
///     dS = (softmax over rows - P / |P row| + softmax over columns - P / |P column|) / 2n
/// with P the positives; dimage = scale * dS text, dtext = scale * dSᵀ image,
/// dscale = sum(dS * S) / scale.
///
/// S is never held whole: devices walk it in tiles, so memory is O(pairs).
///
/// - Inputs: `image`, `text` [pairs, width] of unit rows, `scale` [1], `imageGroups` and
///   `textGroups` Int32 [pairs], equal where pictures or captions are equal.
/// - Results: `loss` [1]; kept for the gradient: log-sum-exp over rows and over columns, [pairs].
/// - Source: Radford et al. 2021, arXiv:2103.00020, figure 3; tiles as in Cheng et al. 2024,
///   arXiv:2410.17243; several positives as in Khosla et al. 2020, arXiv:2004.11362, equation 2.
public struct SymmetricInfoNCE: Operation {
  /// What becomes of two pairs of a batch with an equal picture or caption.
  public enum RepeatedPairs: String, Hashable, Sendable {
    /// Neither right nor wrong: left out of both sums.
    case masked
    /// Both right.
    case positive
    /// Wrong answers like all others, as CLIP and Chinese-CLIP have it.
    case plain
  }

  public let repeatedPairs: RepeatedPairs

  public func resultShapes(of inputs: [Shape]) -> [Shape] {
    let image = inputs[0]
    precondition(
      image.rank == 2 && inputs[1] == image && inputs[2] == [1] && inputs[3] == [image[0]]
        && inputs[4] == [image[0]],
      "InfoNCE of \(inputs.map(\.description)).")
    return [[1], [image[0]], [image[0]]]
  }

  /// Of the product that makes S.
  public func floatingPointOperations(inputs: [[Int]]) -> Int {
    2 * inputs[0][0] * inputs[0][0] * inputs[0][1]
  }

  public func gradients(upstream: [Tensor?], inputs: [Tensor], results: [Tensor]) -> [Tensor?] {
    guard let dLoss = upstream[0] else { return inputs.map { _ in nil } }
    let gradient = SymmetricInfoNCEGradient(repeatedPairs: repeatedPairs)
    let shares = dLoss.graph.apply(gradient, to: inputs + [results[1], results[2], dLoss])
    return [shares[0], shares[1], shares[2], nil, nil]
  }
}

/// dimage, dtext and dscale from the forward inputs, both log-sum-exps and dloss.
public struct SymmetricInfoNCEGradient: GradientOperation {
  public let repeatedPairs: SymmetricInfoNCE.RepeatedPairs

  public func resultShapes(of inputs: [Shape]) -> [Shape] { [inputs[0], inputs[1], [1]] }

  /// Of four products: S again for each side, and each side's gradient.
  public func floatingPointOperations(inputs: [[Int]]) -> Int {
    8 * inputs[0][0] * inputs[0][0] * inputs[0][1]
  }
}

extension Graph {
  /// - Returns: the loss, [1].
  public func symmetricInfoNCE(
    image: Tensor, text: Tensor, scale: Tensor, imageGroups: Tensor, textGroups: Tensor,
    repeatedPairs: SymmetricInfoNCE.RepeatedPairs
  ) -> Tensor {
    apply(
      SymmetricInfoNCE(repeatedPairs: repeatedPairs),
      to: [image, text, scale, imageGroups, textGroups])[0]
  }
}
