internal import Autodiff
internal import CPUDevice

/// Affine maps and their two gradients at the shapes of the towers, beside `sgemm`'s peak.
struct ProductSuite {
  private let options: Options
  private let device: CPUDevice
  private let product: ProductYardstick

  init(_ options: Options, device: CPUDevice) {
    self.options = options
    self.device = device
    product = ProductYardstick(threads: options.threads)
  }

  func run() {
    var table = Table(
      "Products of a chunk: rows x inputs -> outputs, in GFLOP/s, beside sgemm on a large block",
      columns: ["tower", "sizes", "forward", "dx", "dW", "sgemm", "forward", "dx", "dW"])
    for (tower, rows, width) in [
      ("image, 32 of 64 px", 2_080, 192), ("text, small", 2_048, 192),
      ("ViT-B/16, 8 pictures", 1_576, 768), ("RoBERTa-base", 2_048, 768),
      ("RoBERTa-base, 32 pairs", 547, 768),
    ] {
      for (inputs, outputs) in [(width, width), (width, 4 * width), (4 * width, width)] {
        measure(tower, rows, inputs, outputs, into: &table)
      }
    }
    measure("patches, 32 of 64 px", 2_048, 192, 192, into: &table)
    measure("patches, ViT-B/16", 1_568, 768, 768, into: &table)
    measure("projection, small", 256, 192, 256, into: &table)
    measure("projection, base", 112, 768, 512, into: &table)
    Console.write(table.text)
  }

  private func measure(
    _ tower: String, _ rows: Int, _ inputs: Int, _ outputs: Int, into table: inout Table
  ) {
    let graph = MeasuredGraph(on: device) { graph in
      let x = graph.input("x", [Extent(rows), Extent(inputs)])
      let weight = graph.input("weight", [Extent(outputs), Extent(inputs)])
      return (x.affineMap(weight: weight), [x, weight])
    }
    let best = Rounds.fastest(
      seconds: options.seconds, [{ graph.run().map(\.seconds) }, { [product.run()] }])
    let peak = ProductYardstick.floatingPointOperations / best[1][0]
    let rates = best[0].map { 2 * Double(rows) * Double(inputs) * Double(outputs) / $0 }
    table.add(
      [tower, "\(rows) x \(inputs) -> \(outputs)"] + rates.map { Figure.number($0 * 1e-9) }
        + [Figure.number(peak * 1e-9)] + rates.map { Figure.percent($0 / peak) })
  }
}
