/// Rows of text in aligned columns: the first to the left, all others to the right.
struct Table {
  let title: String
  private var rows: [[String]]

  init(_ title: String, columns: [String]) {
    self.title = title
    rows = [columns]
  }

  mutating func add(_ row: [String]) {
    precondition(row.count == rows[0].count, "A row of \(row.count) cells in \(title).")
    rows.append(row)
  }

  var text: String {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    var lines = rows.map { row in
      row.enumerated().map { column, cell in
        let space = String(repeating: " ", count: widths[column] - cell.count)
        return column == 0 ? cell + space : space + cell
      }.joined(separator: "  ")
    }
    let ruleWidth = widths.reduce(0, +) + 2 * (widths.count - 1)
    lines.insert(String(repeating: "-", count: ruleWidth), at: 1)
    return "\n\(title)\n" + lines.joined(separator: "\n")
  }
}
