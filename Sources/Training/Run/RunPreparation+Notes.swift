internal import Glibc
internal import Models

extension RunPreparation {
  /// What is allowed and seldom meant: said before the first step, and by `--dry-run`.
  var notes: [String] {
    let threadNote = Self.threadNote(threads: computeThreads, cores: coreCount)
    return [threadNote, averageNote, trainedLayersNote, drawnLayersNote].compactMap(\.self)
  }

  /// An average that hardly leaves the weights of the start.
  private var averageNote: String? {
    guard let decay = recipe.optimizer.averageDecay else { return nil }
    let kept = pow(Double(decay), Double(totalSteps))
    guard kept > 0.1 else { return nil }
    let suggestion = pow(0.01, 1 / Double(totalSteps))
    return "`optimizer.ema_decay` is \(PlainNumber.text(decay)): after "
      + "\(FixedText.count(totalSteps, "step")) the average, which is validated and saved, is "
      + "still \(FixedText.number(100 * kept, decimals: 0)) % the weights of the start. With "
      + "\(FixedText.number(suggestion, decimals: 4)) it would be 1 %"
  }

  /// Layers whose own weights are trained besides their updates.
  private var trainedLayersNote: String? {
    let layers = (loaded.model.configuration.lowRankUpdates?.layers ?? []).filter {
      treatments["\($0)/weight"]?.isTrained == true
    }
    guard let first = layers.first else { return nil }
    return
      "`model.lora` gives updates to \(FixedText.count(layers.count, "layer")) whose own weights "
      + "are trained too, such as \(first)/weight: that saves no memory. To train the updates "
      + "alone, begin `model.train` with \"**/lora_*: trained\" and lock the weights"
  }

  /// Locked layers whose weights nobody has trained.
  private var drawnLayersNote: String? {
    guard case .fresh(let fresh) = recipe.model.source else { return nil }
    let layers = (loaded.model.configuration.lowRankUpdates?.layers ?? []).filter { layer in
      treatments["\(layer)/weight"]?.isTrained == false
        && !(fresh.imageFrom != nil && layer.hasPrefix("image/"))
    }
    guard let first = layers.first else { return nil }
    return
      "`model.lora` gives updates to \(FixedText.count(layers.count, "layer")) whose own weights "
      + "are drawn from the seed and locked, such as \(first)/weight. Name a checkpoint in "
      + "`model.from`, or train them"
  }
}
