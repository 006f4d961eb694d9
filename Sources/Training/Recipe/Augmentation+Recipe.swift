internal import PairData

extension Augmentation {
  /// Reads `none`, `chinese_clip`, `crop(0.9, 1.0)` or `roll(2)`.
  ///
  /// - Returns: nothing for any other text.
  init?(recipe text: String) {
    switch text {
    case "none":
      self = .none
      return
    case "chinese_clip":
      self = .chineseCLIP
      return
    default: break
    }
    guard let open = text.firstIndex(of: "("), text.last == ")" else { return nil }
    let numbers = text[text.index(after: open)...].dropLast().split(
      separator: ",", omittingEmptySubsequences: false
    ).map { PlainNumber.decimal($0.trimmingBlanks) }
    switch text[..<open] {
    case "crop":
      guard numbers.count == 2, let minimum = numbers[0], let maximum = numbers[1],
        minimum > 0, minimum <= maximum, maximum <= 1
      else { return nil }
      self = .crop(minimumArea: minimum, maximumArea: maximum)
    case "roll":
      guard numbers.count == 1, let number = numbers[0], (1...1000).contains(number),
        number == number.rounded()
      else { return nil }
      self = .roll(maximumPixels: Int(number))
    default: return nil
    }
  }

  /// The augmentation as a recipe has it.
  var recipeText: String {
    switch self {
    case .none: "none"
    case .chineseCLIP: "chinese_clip"
    case .crop(let minimum, let maximum):
      "crop(\(PlainNumber.text(minimum)), \(PlainNumber.text(maximum)))"
    case .roll(let maximum): "roll(\(maximum))"
    }
  }
}

extension Substring {
  fileprivate var trimmingBlanks: Substring {
    var text = drop { $0 == " " }
    while text.last == " " { text = text.dropLast() }
    return text
  }
}
