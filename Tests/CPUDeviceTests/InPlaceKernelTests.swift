import CKernels
import Testing

/// Elementwise kernels whose destination is one of their sources.
struct InPlaceKernelTests {
  @Test(arguments: [17, 64, 1_000])
  func `activations and sums in place are what they are elsewhere`(count: Int) {
    var random = KernelValues(seed: 24)
    let x = random.array(count, -4, 4)
    let dy = random.array(count)
    let n = Int64(count)
    func expectSame(_ name: String, _ run: (UnsafeMutablePointer<Float>, Bool) -> Void) {
      var apart = [Float](repeating: 0, count: count)
      run(&apart, false)
      var inPlace = dy
      run(&inPlace, true)
      #expect(sameBits(apart, inPlace), "\(name)")
    }
    expectSame("GELU") { to, isInPlace in
      isInPlace ? dq_gelu_backward(n, x, to, to) : dq_gelu_backward(n, x, dy, to)
    }
    expectSame("Quick GELU") { to, isInPlace in
      isInPlace ? dq_quick_gelu_backward(n, x, to, to) : dq_quick_gelu_backward(n, x, dy, to)
    }
    expectSame("sum") { to, isInPlace in
      isInPlace ? dq_add(n, x, to, to) : dq_add(n, x, dy, to)
    }
  }
}
