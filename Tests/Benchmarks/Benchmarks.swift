internal import CPUDevice
internal import Glibc

/// `make bench`: kernels, products, loader and whole steps beside what the machine can do, measured
/// in the same run. No test asserts any of it.
@main
struct Benchmarks {
  static func main() async {
    let options: Options
    switch Options.parse(CommandLine.arguments.dropFirst()) {
    case .failure(let mistake):
      Console.write("\(mistake)\n\n\(Options.usage)")
      exit(2)
    case .success(let parsed):
      options = parsed
    }
    if options.wantsHelp {
      Console.write(Options.usage)
      return
    }
    let device = CPUDevice(threadCount: options.threads, products: options.products)
    Console.write(Machine(threads: options.threads).report)
    if options.suites.contains(.peaks) { PeakSuite(options).run() }
    if options.suites.contains(.kernels) { KernelSuite(options, device: device).run() }
    if options.suites.contains(.products) { ProductSuite(options, device: device).run() }
    if options.suites.contains(.loader) { await LoaderSuite(options).run() }
    if options.suites.contains(.pictures), let folder = options.pictures {
      await PictureSuite(options, folder: folder).run()
    }
    var figures: [NamedFigure] = []
    if options.suites.contains(.batches) {
      figures += LargeBatchSuite(options, device: device).run()
    }
    if options.suites.contains(.checkpoints) { figures += await CheckpointSuite(options).run() }
    if options.suites.contains(.steps) { figures += await StepSuite(options, device: device).run() }
    if let path = options.figuresPath, !NamedFigure.write(figures, to: path) {
      Console.fail("\(path): the figures cannot be written there.")
    }
  }
}
