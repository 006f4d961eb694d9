extension ChineseCLIP {
  /// The residual tower, one entry for each parameter in its order, running statistics among them.
  static func image(_ configuration: ModifiedResNet.Configuration) -> [DialectEntry] {
    var entries: [DialectEntry] = []
    for index in 0..<3 {
      entries += convolution(
        "image/stem/\(index)", "visual.conv\(index + 1)", norm: "visual.bn\(index + 1)")
    }
    for (layer, depth) in configuration.layers.enumerated() {
      for block in 0..<depth {
        let (ours, theirs) = ("image/layers/\(layer)/\(block)", "visual.layer\(layer + 1).\(block)")
        for (index, name) in ["reduction", "convolution", "expansion"].enumerated() {
          entries += convolution(
            "\(ours)/\(name)", "\(theirs).conv\(index + 1)", norm: "\(theirs).bn\(index + 1)")
        }
        if block == 0 {
          entries += convolution(
            "\(ours)/shortcut", "\(theirs).downsample.0", norm: "\(theirs).downsample.1")
        }
      }
    }
    let pool = "visual.attnpool"
    entries.append(DialectEntry("image/pool/positions", "\(pool).positional_embedding"))
    for (ours, theirs) in [("query", "q"), ("key", "k"), ("value", "v"), ("output", "c")] {
      entries += pair("image/pool/\(ours)", "\(pool).\(theirs)_proj")
    }
    return entries
  }

  /// Filters and the batch norm after them.
  private static func convolution(
    _ ours: String, _ theirs: String, norm: String
  ) -> [DialectEntry] {
    [DialectEntry("\(ours)/weight", "\(theirs).weight")]
      + [
        ("weight", "weight"), ("bias", "bias"), ("running_mean", "running_mean"),
        ("running_variance", "running_var"),
      ].map { DialectEntry("\(ours)/norm/\($0)", "\(norm).\($1)") }
      + [
        DialectEntry("\(ours)/norm/chunk_count", "\(norm).num_batches_tracked", isCount: true)
      ]
  }
}
