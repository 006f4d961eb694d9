internal import ArgumentParser
internal import Training

/// A share as a recipe writes it, `1 %` or `1%`, or as a number such as 0.01.
struct Share: ExpressibleByArgument, CustomStringConvertible {
  /// From 0 to 1 for a share; anything that was given.
  let value: Double
  private let text: String

  init?(argument: String) {
    if case .percent(let share) = Duration(argument) {
      value = share / 100
    } else if let number = Double(argument) {
      value = number
    } else {
      return nil
    }
    text = argument
  }

  /// As it was given.
  var description: String { text }
}
