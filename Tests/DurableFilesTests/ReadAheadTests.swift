import Testing

@testable import DurableFiles

@Suite struct ReadAheadTests {
  @Test func `every byte is asked for once`() {
    let requests = ReadAhead.requests([48..<20_000_000, 20_000_000..<21_000_000])
    let inOrder = requests.sorted { $0.lowerBound < $1.lowerBound }
    #expect(inOrder.first?.lowerBound == 48 && inOrder.last?.upperBound == 21_000_000)
    for (one, next) in zip(inOrder, inOrder.dropFirst()) {
      #expect(one.upperBound == next.lowerBound)
    }
  }

  @Test func `readers who are equally far are served equally`() {
    let mebibyte = 1 << 20
    let requests = ReadAhead.requests([0..<16 * mebibyte, 16 * mebibyte..<48 * mebibyte])
    // The second one reads twice as much in the same time.
    #expect(requests.prefix(6).map { $0.lowerBound / mebibyte } == [0, 16, 20, 4, 24, 28])
  }

  @Test func `a file that is not there is no reason to wait`() {
    #expect(ReadAhead("/nowhere/file", from: [0]) == nil)
    #expect(ReadAhead("/proc/self/exe", from: [.max]) == nil)
  }
}
