public import Autodiff

/// Compares a case's gradients with central differences, both in Double on the reference device.
///
/// The loss is sum(result * weights) with fixed weights. Its derivative by each element of each
/// parameter and float input is taken from four points,
///
///     (8 (L(x + h) - L(x - h)) - (L(x + 2h) - L(x - 2h))) / 12h,
///
/// whose error shrinks with h⁴ (Abramowitz and Stegun 1964, 25.3.6): with h = 1e-3 it is about
/// 1e-12 for functions with derivatives near 1, as small as the roundings of L divided by h.
public struct GradientCheck {
  /// Bounds the relative error of each element and of each tensor's norm.
  public static let tolerance = 1e-6
  private static let step = 1e-3

  private let captured: CapturedCase
  private let parameters: ReferenceParameters
  private let program: ReferenceProgram
  private let weights: [Double]

  public init(_ source: OperationCase) throws(DeviceError) {
    captured = source.captured()
    let device = ReferenceDevice()
    parameters = device.makeParameters(captured.parameterLayout)
    program = try device.compile(captured.plan, parameters: parameters)
    weights = captured.values(
      of: CapturedCase.weights, count: captured.result.elementCount(source.sizes)
    ).map(Double.init)
  }

  /// What a check has found.
  public struct Findings {
    /// One sentence for each gradient that is wrong.
    public fileprivate(set) var complaints: [String] = []
    /// The largest relative error, whether or not it is too large.
    ///
    /// Of an element, relative to the largest of both numbers, a thousandth of its tensor's root
    /// mean square, and what roundings of the loss leave in a difference, over the tolerance.
    public fileprivate(set) var worstError = 0.0
  }

  public func findings() -> Findings {
    captured.setParameters(parameters)
    captured.setInputs(of: program, stage: 0)
    run(stage: 0)
    captured.setInputs(of: program, stage: 1)
    run(stage: 1)
    let analytic = captured.targets.map {
      program.doubles(of: CapturedCase.gradient(of: $0.label))
    }
    var findings = Findings()
    for (target, gradient) in zip(captured.targets, analytic) {
      check(target.label, isParameter: target.parameter != nil, gradient, &findings)
    }
    return findings
  }

  private func check(
    _ label: String, isParameter: Bool, _ analytic: [Double], _ findings: inout Findings
  ) {
    let start = captured.values(of: label, count: analytic.count).map(Double.init)
    let numeric = start.indices.map { element in
      difference(label, isParameter: isParameter, from: start, at: element)
    }
    set(label, isParameter: isParameter, to: start)
    run(stage: 0)
    let floor = rounding / GradientCheck.tolerance
    let rootMeanSquare = norm(numeric) / Double(max(numeric.count, 1)).squareRoot()
    var isWrong = false
    for (element, pair) in zip(analytic, numeric).enumerated() {
      let scale = max(abs(pair.0), abs(pair.1), rootMeanSquare / 1_000, floor)
      let error = abs(pair.0 - pair.1) / scale
      findings.worstError = error.isNaN ? .infinity : max(findings.worstError, error)
      if !(error <= GradientCheck.tolerance), !isWrong {
        isWrong = true
        findings.complaints.append(
          "\(captured.source.name): the gradient of \(label)[\(element)] is \(pair.0), "
            + "differences say \(pair.1).")
      }
    }
    let error = norm(zip(analytic, numeric).map { $0 - $1 })
    let size = max(
      norm(analytic), norm(numeric), floor * Double(analytic.count).squareRoot())
    if error > GradientCheck.tolerance * size, !isWrong {
      findings.complaints.append(
        "\(captured.source.name): the gradient of \(label) is off by \(error) of \(size) in norm.")
    }
  }

  /// What the roundings of the loss can make of a difference: a few units in the last place of
  /// its terms, divided by the step.
  private var rounding: Double {
    let terms = zip(program.doubles(of: CapturedCase.result), weights)
    let size = terms.reduce(1) { $0 + abs($1.0 * $1.1) }
    return 32 * Double.ulpOfOne * size / GradientCheck.step
  }

  private func difference(
    _ label: String, isParameter: Bool, from start: [Double], at element: Int
  ) -> Double {
    func loss(_ steps: Double) -> Double {
      var moved = start
      moved[element] += steps * GradientCheck.step
      set(label, isParameter: isParameter, to: moved)
      run(stage: 0)
      return zip(program.doubles(of: CapturedCase.result), weights).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let near = loss(1) - loss(-1)
    let far = loss(2) - loss(-2)
    return (8 * near - far) / (12 * GradientCheck.step)
  }

  private func set(_ label: String, isParameter: Bool, to values: [Double]) {
    if isParameter {
      parameters.setDoubles(values, of: label)
    } else {
      program.setDoubles(label, to: values)
    }
  }

  private func run(stage: Int) {
    program.run(
      stage: stage, sizes: captured.source.sizes, randomKey: captured.source.randomKey)
  }

  private func norm(_ values: [Double]) -> Double {
    values.reduce(0) { $0 + $1 * $1 }.squareRoot()
  }
}
