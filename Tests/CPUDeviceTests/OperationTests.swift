import Autodiff
import CPUDevice
import TestSupport
import Testing

/// Every operation and its gradient on the CPU against the Double reference.
@Suite struct OperationTests {
  @Test(arguments: OperationCase.comparisons.indices)
  func `the CPU agrees with the reference`(index: Int) throws {
    let captured = OperationCase.comparisons[index].captured()
    let expected = try referenceResults(of: captured)
    let results = try cpuResults(of: captured, threadCount: 1)
    for (label, values) in results {
      let reference = try #require(expected[label])
      if let complaint = captured.source.tolerance.complaint(label, values, reference: reference) {
        Issue.record("\(captured.source.name): \(complaint)")
      }
    }
  }

  @Test(arguments: OperationCase.large.indices)
  func `two and three threads give the bits of one`(index: Int) throws {
    let captured = OperationCase.large[index].captured()
    let one = try cpuResults(of: captured, threadCount: 1)
    for threadCount in 2...3 {
      let several = try cpuResults(of: captured, threadCount: threadCount)
      for (label, values) in one {
        #expect(
          sameBits(several[label], values),
          "\(captured.source.name): \(label) depends on \(threadCount) threads.")
      }
    }
  }

  @Test func `the padding entry of a table receives no gradient`() throws {
    let lookup = OperationCase("Padding", ids: ["ids": [1, 0, 1, 2]]) {
      $0.parameter("table", [3, 5]).rows(at: $0.ids("ids", [4]), paddingID: 1)
    }
    let gradient = try #require(
      try cpuResults(of: lookup.captured(), threadCount: 1)["gradient of table"])
    #expect(gradient[5..<10].allSatisfy { $0 == 0 })
    #expect(gradient[0..<5].allSatisfy { $0 != 0 })
  }
}
