import Testing

@testable import Training

@Suite struct ProgressLineTests {
  private final class Sink {
    var text = ""
  }

  private func shown(_ style: ProgressLine.Style, _ body: (inout ProgressLine) -> Void) -> String {
    let sink = Sink()
    var line = ProgressLine(style: style, totalSteps: 100, firstStep: 20, startSeconds: 1000) {
      sink.text += $0
    }
    body(&line)
    return sink.text
  }

  @Test func `piped lines come every ten seconds and at the end`() {
    let text = shown(.lines) { line in
      for step in 21...100 {
        line.show(
          step: step, loss: 2.5, pairsPerSecond: 64.04, nowSeconds: 1000 + Double(step - 20))
      }
      line.finish()
    }
    let lines = text.split(separator: "\n")
    #expect(lines.count == 9)
    #expect(lines[0] == "step 21/100, loss 2.5000, 64.0 pairs/s, 1:19 left")
    #expect(lines[8].hasPrefix("step 100/100") && lines[8].hasSuffix("0:00 left"))
    #expect(!text.contains("\r"))
  }

  @Test func `the rate is that of the last steps together`() {
    let text = shown(.lines) { line in
      // The time of four pairs at 100 a second and four at 50 is that of eight at 66.7.
      line.show(step: 21, loss: 2, pairsPerSecond: 100, nowSeconds: 1001)
      line.show(step: 22, loss: 2, pairsPerSecond: 50, nowSeconds: 1011)
      // These twenty are all that counts in the end.
      for step in 81...100 {
        line.show(step: step, loss: 2, pairsPerSecond: 10, nowSeconds: 1012)
      }
    }
    let lines = text.split(separator: "\n")
    #expect(lines[1].contains(" 66.7 pairs/s"))
    #expect(lines.last?.contains(" 10.0 pairs/s") == true)
  }

  @Test func `no time left is told before any has passed`() {
    let text = shown(.lines) { line in
      line.show(step: 21, loss: 2, pairsPerSecond: 100, nowSeconds: 1000)
    }
    #expect(text == "step 21/100, loss 2.0000, 100.0 pairs/s\n")
  }

  @Test func `a bar stays on its line and fits the terminal`() {
    for columns in [0, 1, 20, 60, 80, 300] {
      let text = shown(.bar(columns: columns)) { line in
        line.show(step: 60, loss: 2.5, pairsPerSecond: 64, nowSeconds: 1040)
        line.show(step: 61, loss: 2.5, pairsPerSecond: 64, nowSeconds: 1040.01)
      }
      #expect(!text.contains("\n") && text.split(separator: "\r").count == 1)
      #expect(text.dropFirst().count - 3 < max(columns, 1))
    }
    let text = shown(.bar(columns: 100)) { line in
      line.show(step: 60, loss: 2.5, pairsPerSecond: 64, nowSeconds: 1040)
      line.note("saved")
      line.show(step: 61, loss: 2.5, pairsPerSecond: 64, nowSeconds: 1040.01)
      line.finish()
    }
    #expect(text.contains("####") && text.contains(" 60 % step 60/100"))
    #expect(text.contains("\r\u{1B}[Ksaved\n\r[") && text.hasSuffix("\u{1B}[K\n"))
  }

  @Test(arguments: [
    (0, "texts", "1 text, 0.5 texts/s"), (1, "pairs", "1/1 pair, 0.5 pairs/s, 0:00 left"),
    (1, "pairs' captions", "1/1 pair's captions, 0.5 pairs' captions/s, 0:00 left"),
    (2, "pairs checked", "1/2 pairs checked, 0.5 pairs checked/s, 0:02 left"),
  ])
  func `one thing is in the singular`(total: Int, unit: String, expected: String) {
    let sink = Sink()
    var line = ProgressLine(style: .lines, totalSteps: total, firstStep: 0, startSeconds: 1000) {
      sink.text += $0
    }
    line.show(count: 1, unit: unit, nowSeconds: 1002)
    #expect(sink.text == expected + "\n")
  }

  @Test func `quiet says nothing`() {
    #expect(
      shown(.quiet) { line in
        line.show(step: 100, loss: 1, pairsPerSecond: 1, nowSeconds: 1001)
        line.note("saved")
        line.finish()
      } == "")
  }

  @Test func `time left reads as a clock`() {
    #expect(ProgressLine.clock(3723.4) == "1:02:03")
    #expect(ProgressLine.clock(-5) == "0:00")
    #expect(ProgressLine.clock(.infinity) == "very long")
  }
}
