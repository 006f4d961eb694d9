public import Autodiff

/// A place in the model's tree of names; layers declare their parameters under it.
public struct ParameterScope: Sendable {
  public let path: String
  /// Which of the linear layers below have more than their weight.
  let lowRankUpdates: LowRankUpdates?

  public init(_ path: String, lowRankUpdates: LowRankUpdates? = nil) {
    self.path = path
    self.lowRankUpdates = lowRankUpdates
  }

  public static func / (scope: ParameterScope, component: String) -> ParameterScope {
    ParameterScope(
      scope.path.isEmpty ? component : "\(scope.path)/\(component)",
      lowRankUpdates: scope.lowRankUpdates)
  }

  public func parameter(
    _ name: String, _ sizes: [Int], _ initializer: Initializer, role: Parameter.Role = .learned
  ) -> Parameter {
    Parameter(path: (self / name).path, sizes: sizes, initializer: initializer, role: role)
  }
}
