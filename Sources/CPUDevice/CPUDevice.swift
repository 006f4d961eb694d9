public import Autodiff

/// Runs plans on CPU threads, each program in one arena.
public struct CPUDevice: Device {
  public let threads: ThreadPool
  /// What matrix products round their operands to here.
  public let products: ProductFormat

  /// - Parameter products: what matrix products round their operands to; Float32 where the machine
  ///   has no instructions for it.
  public init(threadCount: Int, products: ProductFormat = .float32) {
    threads = ThreadPool(threadCount: threadCount)
    self.products = products.isSupported ? products : .float32
    GEMM.useCallersThread()
  }

  /// Finds out whether the system gives so much memory; none is taken.
  ///
  /// - Throws: ``DeviceError/outOfMemory(byteCount:)``.
  public func requireMemory(byteCount: Int) throws(DeviceError) {
    // Pages come when they are first written to.
    _ = try Arena(byteCount: byteCount)
  }

  public func makeParameters(_ layout: ParameterLayout) -> CPUParameters {
    CPUParameters(layout)
  }

  public func compile(_ plan: Plan, parameters: CPUParameters) throws(DeviceError) -> CPUProgram {
    var unsupported: [String] = []
    for step in plan.steps where !(step.operation is any CPUExecutable) {
      if !unsupported.contains(step.operation.name) { unsupported.append(step.operation.name) }
    }
    guard unsupported.isEmpty else {
      throw .unsupportedOperations(device: "The CPU device", names: unsupported.sorted())
    }
    return try CPUProgram(plan, parameters: parameters, device: self)
  }
}
