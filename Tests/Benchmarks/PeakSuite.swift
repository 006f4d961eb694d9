internal import CPUDevice

/// What the machine can do: products in registers, and memory.
struct PeakSuite {
  private let options: Options

  init(_ options: Options) {
    self.options = options
  }

  func run() {
    let counts = options.threads == 1 ? [1] : [1, options.threads]
    var table = Table(
      "Peaks: OpenBLAS's sgemm of \(ProductYardstick.size), memory in two working sets",
      columns: ["", "threads", "figure", "unit"])
    for threads in counts {
      let product = ProductYardstick(threads: threads)
      let best = Rounds.fastest(seconds: options.seconds, [{ [product.run()] }])[0][0]
      table.add([
        "sgemm", "\(threads)",
        Figure.number(ProductYardstick.floatingPointOperations / best * 1e-9), "GFLOP/s",
      ])
    }
    for threads in counts {
      let pool = ThreadPool(threadCount: threads)
      for (megabytes, place) in [(8, "cache"), (512, "memory")] {
        let memory = MemoryYardstick(byteCount: megabytes << 20, threads: pool)
        let best = Rounds.fastest(
          seconds: options.seconds, [{ [memory.copy()] }, { [memory.read()] }])
        table.add([
          "copy, \(megabytes) MiB: \(place)", "\(threads)",
          Figure.number(memory.copiedBytes / best[0][0] * 1e-9), "GB/s",
        ])
        table.add([
          "read, \(megabytes / 2) MiB: \(place)", "\(threads)",
          Figure.number(memory.readBytes / best[1][0] * 1e-9), "GB/s",
        ])
      }
    }
    Console.write(table.text)
  }
}
