/// A figure by which the best checkpoint of a run can be chosen.
public enum RetrievalFigure: String, Sendable, CaseIterable {
  /// The mean of both directions' mean recalls.
  case meanRecall = "mean_recall"
  case textToImageRecallAt1 = "text_to_image.recall@1"
  case textToImageRecallAt5 = "text_to_image.recall@5"
  case textToImageRecallAt10 = "text_to_image.recall@10"
  case textToImageMeanRecall = "text_to_image.mean_recall"
  case textToImageMedianRank = "text_to_image.median_rank"
  case textToImageMeanRank = "text_to_image.mean_rank"
  case imageToTextRecallAt1 = "image_to_text.recall@1"
  case imageToTextRecallAt5 = "image_to_text.recall@5"
  case imageToTextRecallAt10 = "image_to_text.recall@10"
  case imageToTextMeanRecall = "image_to_text.mean_recall"
  case imageToTextMedianRank = "image_to_text.median_rank"
  case imageToTextMeanRank = "image_to_text.mean_rank"

  /// Recalls are better when larger, ranks when smaller.
  public var isBetterWhenLarger: Bool {
    switch self {
    case .textToImageMedianRank, .textToImageMeanRank, .imageToTextMedianRank, .imageToTextMeanRank:
      false
    default: true
    }
  }
}
