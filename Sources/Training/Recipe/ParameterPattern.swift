/// A pattern over parameter paths: `*` is one component or a part of it, `**` any number of them.
///
///     ParameterPattern("image/**")!.matches("image/blocks/3/mlp/expand/weight")   // true
///     ParameterPattern("text/blocks/*/mlp/**")!.matches("text/embeddings/words")  // false
public struct ParameterPattern: Sendable, Equatable {
  public let text: String
  private let components: [Substring]

  /// Reads a pattern. - Returns: nothing where a component is empty or has a blank.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    let isWord = { (part: Substring) in
      !part.isEmpty && part.unicodeScalars.allSatisfy { $0 == "*" || ParameterPattern.isPlain($0) }
        && (part == "**" || !part.contains("**"))
    }
    guard parts.count <= 64, text.utf8.count <= 1024, parts.allSatisfy(isWord) else { return nil }
    self.text = text
    components = parts
  }

  /// Whether the whole path fits; time grows with the product of the two lengths, no faster.
  public func matches(_ path: String) -> Bool {
    let names = path.split(separator: "/", omittingEmptySubsequences: false)
    // reached[n]: the components so far can stand for the first n names.
    var reached = [true] + Array(repeating: false, count: names.count)
    for component in components {
      var next = Array(repeating: false, count: names.count + 1)
      if component == "**" {
        var isReached = false
        for index in 0...names.count {
          isReached = isReached || reached[index]
          next[index] = isReached
        }
      } else {
        for index in names.indices where reached[index] {
          next[index + 1] = ParameterPattern.fits(Array(component.utf8), Array(names[index].utf8))
        }
      }
      reached = next
    }
    return reached[names.count]
  }

  public static func == (left: ParameterPattern, right: ParameterPattern) -> Bool {
    left.text == right.text
  }

  private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
    scalar.isASCII
      && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
        || "_-.@".contains(Character(scalar)))
  }

  /// One component against one name, `*` in it standing for any run of characters.
  private static func fits(_ pattern: [UInt8], _ name: [UInt8]) -> Bool {
    var reached = [true] + Array(repeating: false, count: name.count)
    for byte in pattern {
      var next = Array(repeating: false, count: name.count + 1)
      if byte == UInt8(ascii: "*") {
        var isReached = false
        for index in 0...name.count {
          isReached = isReached || reached[index]
          next[index] = isReached
        }
      } else {
        for index in name.indices where reached[index] && name[index] == byte {
          next[index + 1] = true
        }
      }
      reached = next
    }
    return reached[name.count]
  }
}
