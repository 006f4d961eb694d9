import Autodiff
import Foundation
import Models

/// A vision transformer in Double, written from its equations, a token and a head at a time.
struct PlainVisionTransformer {
  typealias Row = [Double]

  let configuration: VisionTransformer.Configuration
  /// By their paths.
  let parameters: [String: Row]

  init(_ configuration: VisionTransformer.Configuration, _ storage: some ParameterStorage) {
    self.configuration = configuration
    parameters = Dictionary(
      uniqueKeysWithValues: storage.layout.entries.map { entry in
        (entry.parameter.path, storage.values(of: entry.parameter.path).map(Double.init))
      })
  }

  /// - Parameters:
  ///   - pixels: of one picture, [3, size, size].
  ///   - patches: those that the blocks are given, from 0.
  /// - Returns: the embedding, of unit length.
  func embedding(_ pixels: [Float], patches: [Int]) -> Row {
    let positions = parameters["image/positions"]!
    func placed(_ token: Row, at place: Int) -> Row {
      zip(token, positions[place * token.count..<(place + 1) * token.count]).map { $0 + $1 }
    }
    var tokens = [placed(parameters["image/class_embedding"]!, at: 0)]
    tokens += patches.map { placed(embedded(patch: $0, of: pixels), at: $0 + 1) }
    tokens = tokens.map { normalized($0, "image/pre_norm") }
    for block in 0..<configuration.depth {
      let scope = "image/blocks/\(block)"
      tokens = added(
        tokens, attended(tokens.map { normalized($0, scope + "/attention_norm") }, scope))
      tokens = added(
        tokens,
        tokens.map { token in
          let hidden = linear(normalized(token, scope + "/mlp_norm"), scope + "/mlp/hidden")
          return linear(hidden.map { $0 / (1 + exp(-1.702 * $0)) }, scope + "/mlp/output")
        })
    }
    let feature = linear(normalized(tokens[0], "image/post_norm"), "image/projection")
    let length = sum(of: feature.map { $0 * $0 }).squareRoot()
    return feature.map { $0 / length }
  }

  private func embedded(patch: Int, of pixels: [Float]) -> Row {
    let (size, side) = (configuration.imageSize, configuration.patchSize)
    let (top, left) = (patch / (size / side) * side, patch % (size / side) * side)
    var values: Row = []
    for channel in 0..<3 {
      for y in 0..<side {
        for x in 0..<side {
          values.append(Double(pixels[(channel * size + top + y) * size + left + x]))
        }
      }
    }
    return linear(values, "image/patch_embedding")
  }

  private func attended(_ tokens: [Row], _ scope: String) -> [Row] {
    let width = configuration.headWidth
    let (queries, keys, values) = (
      tokens.map { linear($0, scope + "/attention/query") },
      tokens.map { linear($0, scope + "/attention/key") },
      tokens.map { linear($0, scope + "/attention/value") }
    )
    return queries.map { query in
      var joined: Row = []
      for head in 0..<configuration.headCount {
        let channels = head * width..<(head + 1) * width
        var weights: Row = []
        for key in keys {
          let product = sum(of: channels.map { query[$0] * key[$0] })
          weights.append(exp(product / Double(width).squareRoot()))
        }
        let total = sum(of: weights)
        for channel in channels {
          joined.append(sum(of: weights.indices.map { weights[$0] * values[$0][channel] }) / total)
        }
      }
      return linear(joined, scope + "/attention/output")
    }
  }

  private func sum(of row: Row) -> Double { row.reduce(0, +) }

  private func added(_ left: [Row], _ right: [Row]) -> [Row] {
    zip(left, right).map { zip($0, $1).map { $0 + $1 } }
  }

  private func normalized(_ x: Row, _ scope: String) -> Row {
    let mean = sum(of: x) / Double(x.count)
    let variance = sum(of: x.map { ($0 - mean) * ($0 - mean) }) / Double(x.count)
    let deviation = (variance + 1e-5).squareRoot()
    let (scale, shift) = (parameters[scope + "/weight"]!, parameters[scope + "/bias"]!)
    return x.indices.map { (x[$0] - mean) / deviation * scale[$0] + shift[$0] }
  }

  private func linear(_ x: Row, _ scope: String) -> Row {
    let weight = parameters[scope + "/weight"]!
    let rows = weight.count / x.count
    var y = parameters[scope + "/bias"] ?? Row(repeating: 0, count: rows)
    for row in 0..<rows {
      for column in x.indices { y[row] += weight[row * x.count + column] * x[column] }
    }
    return y
  }
}
