import CKernels
import Testing

/// The counter-based generator and dropout.
struct RandomKernelTests {
  /// Salmon et al. 2011, the known answer that is published with Random123 (`kat_vectors`) for
  /// Philox4x32 with 10 rounds, counter 0 and key 0.
  @Test func `the generator gives Philox's published words`() {
    let words = [0, 16, 32, 48].map { dq_random_uint32(0, 0, $0) }
    #expect(words == [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8])
  }

  @Test func `key, site and index each change the bits`() {
    let words = [
      dq_random_uint32(1, 2, 3), dq_random_uint32(2, 2, 3), dq_random_uint32(1 << 40, 2, 3),
      dq_random_uint32(1, 3, 3), dq_random_uint32(1, 2, 4), dq_random_uint32(1, 2, 1 << 40),
    ]
    #expect(Set(words).count == words.count)
  }

  @Test(arguments: [0, 5, 63, 64, 1 << 40])
  func `dropout keeps what the scalar generator says`(first: UInt64) {
    let rate: Float = 0.3
    for count in kernelLengths {
      var random = KernelValues(seed: 3)
      let x = random.array(count + 1)
      var y = [Float](repeating: .nan, count: count + 1)
      dq_dropout(Int64(count), first, 99, 7, rate, x, &y)
      for index in 0..<count {
        let word = dq_random_uint32(99, 7, first + UInt64(index))
        let isKept = Double(word) >= Double(rate) * 0x1p32 - 1
        let expected = isKept ? x[index] / (1 - rate) : 0
        #expect(abs(y[index] - expected) <= 2e-7 * abs(expected))
      }
      #expect(y[count].isNaN)
    }
  }

  @Test(arguments: [Float(0), 0.1, 0.5, 0.9, 1])
  func `the dropped share is the rate`(rate: Float) {
    let count = 200_000
    let x = [Float](repeating: 1, count: count)
    var y = x
    dq_dropout(Int64(count), 12345, 42, 1, rate, x, &y)
    let dropped = Double(y.count { $0 == 0 }) / Double(count)
    let deviation = (Double(rate) * Double(1 - rate) / Double(count)).squareRoot()
    #expect(abs(dropped - Double(rate)) <= 5 * deviation)
  }

  @Test func `dropout cut into ranges gives the same values, in place too`() {
    var random = KernelValues(seed: 4)
    let x = random.array(333)
    var whole = x
    var pieces = x
    dq_dropout(333, 1000, 8, 2, 0.5, x, &whole)
    pieces.withUnsafeMutableBufferPointer { buffer in
      for (begin, end) in [(0, 1), (1, 70), (70, 200), (200, 333)] {
        let at = buffer.baseAddress! + begin
        dq_dropout(Int64(end - begin), UInt64(1000 + begin), 8, 2, 0.5, at, at)
      }
    }
    #expect(whole == pieces)
  }

  @Test func `a dropped infinity becomes zero`() {
    var y = [Float](repeating: .infinity, count: 64)
    let x = y
    dq_dropout(64, 0, 1, 1, 0.5, x, &y)
    #expect(y.contains(0) && y.contains(.infinity) && !y.contains { $0.isNaN })
  }
}
