internal import Autodiff
internal import CPUDevice

/// Every kernel family through its operation, with all threads, beside what bounds it: `sgemm` for
/// what is made of products, else a copy of as many bytes.
struct KernelSuite {
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
      "Kernels: GFLOP/s against sgemm, GB/s (inputs and results) against a copy of as many bytes",
      columns: ["operation", "sizes", "ms", "GFLOP/s", "GB/s", "bound", "share"])
    for kernel in KernelCase.all { measure(kernel, into: &table) }
    measureUpdates(into: &table)
    Console.write(table.text)
  }

  private func measure(_ kernel: KernelCase, into table: inout Table) {
    let graph = MeasuredGraph(
      on: device, sizes: kernel.sizes, integers: kernel.integers, kernel.build)
    let steps = graph.run()
    let copies = steps.map { MemoryYardstick(byteCount: $0.byteCount, threads: device.threads) }
    let best = Rounds.fastest(
      seconds: options.seconds,
      [
        { graph.run().map(\.seconds) }, { [product.run()] }, { copies.map { $0.copy() } },
      ])
    let peak = ProductYardstick.floatingPointOperations / best[1][0]
    for (index, step) in steps.enumerated() where kernel.reports(step.operation) {
      let seconds = best[0][index]
      let flops = Double(step.floatingPointOperations) / seconds
      let bytes = Double(step.byteCount) / seconds
      let copied = copies[index].copiedBytes / best[2][index]
      let isProduct = step.floatingPointOperations > 0
      table.add([
        step.operation, kernel.title, Figure.milliseconds(seconds),
        isProduct ? Figure.number(flops * 1e-9) : "", Figure.number(bytes * 1e-9),
        Figure.number((isProduct ? peak : copied) * 1e-9),
        Figure.percent(isProduct ? flops / peak : bytes / copied),
      ])
    }
  }

  /// The passes over the parameter arenas.
  private func measureUpdates(into table: inout Table) {
    let count = 10_000_000
    let parameter = Parameter(path: "all", sizes: [count], initializer: .constant(0.5))
    let parameters = device.makeParameters(ParameterLayout(trained: [parameter], locked: []))
    parameters.initialize(seed: 0)
    let update = AdamWUpdate(
      parameters, device: device,
      hyperparameters: .init(firstBeta: 0.9, secondBeta: 0.98, epsilon: 1e-6),
      groups: [.init(range: 0..<count, rateFactor: 1, weightDecay: 0.05)])
    let copy = MemoryYardstick(byteCount: 28 * count, threads: device.threads)
    let best = Rounds.fastest(
      seconds: options.seconds,
      [
        {
          [
            Rounds.seconds { parameters.clearGradients() },
            Rounds.seconds { _ = parameters.gradientNorm(on: device) },
            Rounds.seconds { update.apply(updateCount: 1, learningRate: 1e-3, gradientScale: 1) },
          ]
        }, { [copy.copy(), copy.read()] },
      ])
    let bounds = [copy.copiedBytes / best[1][0], copy.readBytes / best[1][1]]
    let rows = [
      ("clear gradients", 4, bounds[0]), ("gradient norm", 4, bounds[1]), ("AdamW", 28, bounds[0]),
    ]
    for (index, row) in rows.enumerated() {
      let bytes = Double(row.1 * count) / best[0][index]
      table.add([
        row.0, "\(count) parameters", Figure.milliseconds(best[0][index]), "",
        Figure.number(bytes * 1e-9), Figure.number(row.2 * 1e-9), Figure.percent(bytes / row.2),
      ])
    }
  }
}
