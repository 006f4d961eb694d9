internal import Glibc

/// Pictures and how probable each class is for them.
public struct Classification: Sendable {
  public struct Image: Sendable {
    /// Relative to the folder that was given.
    public let file: String
    /// One for each label, in the labels' order; the sum is 1.
    public let probabilities: [Double]
    /// The class of the folder that the picture lies in.
    public let truth: Int?

    /// Class numbers, the most probable first; ties in the labels' order.
    var ranking: [Int] {
      probabilities.indices.sorted {
        (probabilities[$1], $0) < (probabilities[$0], $1)
      }
    }
  }

  public let labels: [String]
  public let images: [Image]

  /// The share of pictures whose most probable class is the true one; `nil` where none is known.
  public var top1: Double? {
    let known = images.filter { $0.truth != nil }
    guard !known.isEmpty else { return nil }
    return Double(known.count { $0.ranking[0] == $0.truth }) / Double(known.count)
  }

  /// - Parameter top: how many classes a picture gets; all of them where nothing is said.
  public func json(top: Int? = nil) -> JSONText {
    .object([
      ("top1", top1.map { .number($0) } ?? .null),
      (
        "images",
        .array(
          images.map { image in
            .object([
              ("file", .text(image.file)),
              (
                "labels",
                .array(
                  image.ranking.prefix(top ?? labels.count).map { label in
                    .object([
                      ("label", .text(labels[label])),
                      ("probability", .number(image.probabilities[label])),
                    ])
                  })
              ),
            ])
          })
      ),
    ])
  }

  /// A line for each picture, and the share of right ones where classes are known.
  public func text(top: Int) -> String {
    let width = images.map(\.file.count).max() ?? 0
    let lines = images.map { image in
      let best = image.ranking.prefix(top).map { label in
        "\(labels[label]) \(FixedText.number(100 * image.probabilities[label], decimals: 1)) %"
      }
      return FixedText.left(image.file, width: width) + "  " + best.joined(separator: "  ")
    }
    let known = images.count { $0.truth != nil }
    let summary = top1.map { share in
      "top-1 \(FixedText.number(100 * share, decimals: 2)) % of "
        + FixedText.count(known, "picture")
    }
    return (lines + (summary.map { [$0] } ?? [])).joined(separator: "\n")
  }
}

/// exp(x) over its sum.
enum Softmax {
  static func probabilities(_ logits: [Double]) -> [Double] {
    let most = logits.max() ?? 0
    let powers = logits.map { exp($0 - most) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }
}

/// Which class a folder of pictures stands for.
enum ClassNumbering {
  /// A folder named like a class is that class. Where all names are numbers and there is one for
  /// each class, they are in the order of the classes, as ELEVATER's sets have them.
  static func label(ofFolder name: String, among names: [String], labels: [String]) -> Int? {
    if let index = labels.firstIndex(of: name) { return index }
    let numbers = names.compactMap { name in
      name.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(name) : nil
    }
    guard numbers.count == names.count, numbers.count == labels.count, let own = Int(name) else {
      return nil
    }
    return numbers.sorted().firstIndex(of: own)
  }
}
