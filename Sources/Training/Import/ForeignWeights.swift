internal import WeightFiles

/// The tensors of one weight file by the names that a dialect has for them.
struct ForeignWeights {
  let file: WeightFile
  /// In the order of the file.
  let tensors: [(name: String, tensor: WeightTensor)]
  private let tensorOf: [String: WeightTensor]

  /// - Parameter rename: the dialect's name of a tensor, of which data parallel training's prefix
  ///   is taken off before.
  init(
    _ path: String, rename: (String) -> String = { $0 }
  ) throws(ModelError) {
    let file: WeightFile
    do throws(WeightFileError) {
      file = try WeightFile.open(path)
    } catch {
      throw .importing(.weights(error))
    }
    let prefixCount = file.modulePrefix?.count ?? 0
    tensors = file.tensors.map { (rename(String($0.name.dropFirst(prefixCount))), $0) }
    self.file = file
    var tensorOf: [String: WeightTensor] = [:]
    for (name, tensor) in tensors where tensorOf.updateValue(tensor, forKey: name) != nil {
      // Under an old name and a new one, of which one would be left out.
      throw .importing(.unexpectedTensors(path: file.path, names: [tensor.name]))
    }
    self.tensorOf = tensorOf
  }

  var path: String { file.path }

  subscript(name: String) -> WeightTensor? { tensorOf[name] }

  func contains(prefix: String) -> Bool { tensors.contains { $0.name.hasPrefix(prefix) } }

  /// One more than the largest number that follows a prefix; 0 where none does.
  func blockCount(after prefix: String) throws(ModelError) -> Int {
    var count = 0
    for (name, _) in tensors where name.hasPrefix(prefix) {
      let digits = name.dropFirst(prefix.count).prefix { $0 != "." }
      guard let index = Int(digits), (0..<Self.blockLimit).contains(index) else {
        throw .importing(.unexpectedTensors(path: path, names: [name]))
      }
      count = max(count, index + 1)
    }
    return count
  }

  private static let blockLimit = 256
  private static let sizes = 1...1 << 24

  /// The shape of a tensor that a tower's size is read from.
  func shape(of name: String, rank: Int) throws(ModelError) -> [Int] {
    guard let tensor = self[name] else {
      throw .importing(.missingTensors(path: path, names: [name]))
    }
    // A few bytes can state a shape of any size.
    guard tensor.shape.count == rank, tensor.shape.allSatisfy(Self.sizes.contains) else {
      throw .importing(
        .unsupported(
          place: "\(path): `\(name)`", found: "the shape \(tensor.shape)",
          advice: "A tensor of \(rank) axes was expected. Use a file of Chinese-CLIP."))
    }
    return tensor.shape
  }
}
