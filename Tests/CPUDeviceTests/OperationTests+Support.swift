import Autodiff
import CPUDevice
import TestSupport

func cpuResults(
  of captured: CapturedCase, threadCount: Int
) throws -> [String: [Float]] {
  let device = CPUDevice(threadCount: threadCount)
  let parameters = device.makeParameters(captured.parameterLayout)
  let program = try device.compile(captured.plan, parameters: parameters)
  captured.setParameters(parameters)
  captured.runBothStages(of: program)
  var results: [String: [Float]] = [:]
  for output in captured.plan.outputs { results[output.name] = program.values(of: output.name) }
  for target in captured.targets where target.parameter != nil {
    results["stored \(target.label)"] = parameters.gradient(of: target.label)
  }
  return results
}

func referenceResults(of captured: CapturedCase) throws -> [String: [Double]] {
  let device = ReferenceDevice()
  let parameters = device.makeParameters(captured.parameterLayout)
  let program = try device.compile(captured.plan, parameters: parameters)
  captured.setParameters(parameters)
  captured.runBothStages(of: program)
  var results: [String: [Double]] = [:]
  for output in captured.plan.outputs { results[output.name] = program.doubles(of: output.name) }
  for target in captured.targets where target.parameter != nil {
    results["stored \(target.label)"] = parameters.gradientDoubles(of: target.label)
  }
  return results
}

extension CapturedCase {
  /// Gives the inputs of both stages and runs them.
  func runBothStages(of program: some ExecutableProgram) {
    for stage in 0...1 {
      setInputs(of: program, stage: stage)
      program.run(stage: stage, sizes: source.sizes, randomKey: source.randomKey)
    }
  }
}

/// Whether two lists are the same to the last bit; NaN equals itself here.
func sameBits(_ left: [Float]?, _ right: [Float]) -> Bool {
  left.map { $0.map(\.bitPattern) == right.map(\.bitPattern) } ?? false
}
