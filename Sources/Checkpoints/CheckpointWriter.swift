/// Writes checkpoints whole: under a temporary name, read back and verified, then published.
public enum CheckpointWriter {
  /// - Parameters:
  ///   - path: the final name; what stands there is replaced when the new file is verified.
  ///   - firstMoments, secondMoments: of the trained parameters, or empty.
  ///   - weights: the trained parameters themselves, where `parameters` has their averages.
  /// - Returns: the digest over the parameters, hexadecimal.
  @discardableResult
  public static func write(
    to path: String, document: CheckpointDocument, parameters: [CheckpointTensor],
    firstMoments: [CheckpointTensor] = [], secondMoments: [CheckpointTensor] = [],
    weights: [CheckpointTensor] = []
  ) throws(CheckpointError) -> String {
    let tensors: [(CheckpointSection, [CheckpointTensor])] = [
      (.parameters, parameters), (.firstMoments, firstMoments), (.secondMoments, secondMoments),
      (.weights, weights),
    ]
    let draft = try CheckpointDraft(
      path, document: document, elementCounts: tensors.flatMap(\.1).map(\.elementCount))
    for (section, list) in tensors {
      for tensor in list.sorted(by: { CheckpointFormat.ordered($0.path, $1.path) }) {
        try draft.add(tensor, to: section)
      }
    }
    return try draft.publish()
  }
}
