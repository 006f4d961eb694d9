/// Sentences that a class name is put into, so that a prompt looks like a caption.
///
/// Radford et al. 2021, arXiv:2103.00020, section 3.1.4: the mean over several is a better
/// classifier than any one of them.
struct PromptTemplates {
  /// Where the class name goes, in any of these spellings.
  static let places = ["{}", "{c}"]

  let templates: [String]

  /// What is asked where no file is given: plain pictures of things, in Chinese.
  static let usual = PromptTemplates(
    templates: [
      "{}", "{}的照片", "{}的图片", "一张{}的照片", "一张关于{}的图片", "照片里有{}", "{}的特写", "一幅{}的画",
      "{}的插图", "清晰的{}照片", "模糊的{}照片", "远处的{}",
    ])

  private init(templates: [String]) { self.templates = templates }

  /// A file with a template a line; empty lines are passed over.
  init(file: String) throws(ModelError) {
    let lines = try TextLines(file).all()
    for (number, line) in lines where !Self.places.contains(where: line.contains) {
      throw .unreadableLine(
        path: file, line: number,
        problem: "the template `\(line)` has no {} where the class name would go")
    }
    guard !lines.isEmpty else {
      throw .mismatch(
        found: "\(file): there is no template", expected: "A template a line was expected",
        advice: "Write some, such as `{}的照片`, or leave --templates out.")
    }
    templates = lines.map(\.text)
  }

  func prompts(for name: String) -> [String] {
    templates.map { template in
      let place = Self.places.first(where: template.contains)
      return place.map { template.replacing($0, with: name) } ?? template
    }
  }
}

extension TextLines {
  /// All lines that are not empty, with their numbers from 1.
  func all() throws(ModelError) -> [(number: Int, text: String)] {
    var lines: [(number: Int, text: String)] = []
    var number = 0
    while true {
      let next = try self.next(1_024)
      if next.isEmpty { return lines }
      for text in next {
        number += 1
        if text.contains(where: { !$0.isWhitespace }) { lines.append((number, text)) }
      }
    }
  }
}
