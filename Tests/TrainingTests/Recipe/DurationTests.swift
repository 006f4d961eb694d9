import Testing

@testable import Training

@Suite struct DurationTests {
  @Test func `durations become steps by their unit`() {
    #expect(Duration("5000 steps")?.steps(stepsPerEpoch: 7, totalSteps: 9) == 5000)
    #expect(Duration("2.5 epochs")?.steps(stepsPerEpoch: 7, totalSteps: 9) == 18)
    #expect(Duration("2 epochs")?.steps(stepsPerEpoch: 5.08, totalSteps: 9) == 11)
    #expect(Duration("3 epochs")?.steps(stepsPerEpoch: 7.0 / 3, totalSteps: 9) == 7)
    #expect(Duration("3 %")?.steps(stepsPerEpoch: 7, totalSteps: 1000) == 30)
    #expect(Duration("3%")?.steps(stepsPerEpoch: 7, totalSteps: 10) == 1)
    #expect(Duration("0 %")?.steps(stepsPerEpoch: 7, totalSteps: 10) == 0)
    #expect(Duration("1e300 epochs")?.steps(stepsPerEpoch: 1e18, totalSteps: .max) == 1 << 52)
  }

  @Test func `what is due every epoch is due after the step with which one ends`() {
    let epoch = Duration.epochs(1)
    let due = (1...14).filter { epoch.isDue(after: $0, stepsPerEpoch: 147.0 / 32, totalSteps: 14) }
    #expect(due == [5, 10, 14])
    let every = (1...14).filter { epoch.isDue(after: $0, stepsPerEpoch: 0.5, totalSteps: 14) }
    #expect(every.count == 14)
    let steps = (1...7).filter {
      Duration.steps(3).isDue(after: $0, stepsPerEpoch: 2.5, totalSteps: 7)
    }
    #expect(steps == [3, 6])
  }

  @Test(arguments: [
    "", "5", "steps", "-1 steps", "1.5 steps", "01 steps", "1 Steps", "1 step s", "0x1 epochs",
    "nan epochs", "inf %", "1 2 steps", "1 minute", "٣ steps",
  ])
  func `other texts are no durations`(_ text: String) {
    #expect(Duration(text) == nil)
  }

  @Test(arguments: ["1 step", "5000 steps", "1 epoch", "0.5 epochs", "1e-07 epochs", "3 %"])
  func `a duration reads back from its text`(_ text: String) {
    #expect(Duration(text)?.description == text)
  }

  @Test func `byte counts have binary units`() {
    #expect(ByteCount("4 GiB")?.bytes == 4 << 30)
    #expect(ByteCount("1.5 KiB")?.bytes == 1536)
    #expect(ByteCount("1.5 KiB")?.description == "1536 B")
    #expect(ByteCount("2048MiB")?.description == "2 GiB")
    for text in ["4", "4 GB", "-1 B", "9e30 TiB", "GiB", "1 GiB B"] {
      #expect(ByteCount(text) == nil, "\(text)")
    }
  }

  @Test func `numbers are what they look like`() {
    #expect(PlainNumber.decimal("5e-5") == 5e-5)
    #expect(PlainNumber.decimal(".5") == 0.5)
    #expect(PlainNumber.decimal("-1.50E+3") == -1500)
    for text in ["012", "1_0", "0x10", "1.", "+1", "e5", "1e", "1e99999", ".", "-", "1e999", "١"] {
      #expect(PlainNumber.decimal(text) == nil, "\(text)")
    }
    #expect(PlainNumber.text(0.1 as Float) == "0.1")
    #expect(PlainNumber.text(100.0) == "100")
  }
}
