internal import COpenBLAS

/// Float32 matrix products by OpenBLAS, cut into tasks for our threads.
///
/// OpenBLAS itself stays on the calling thread: with its own threads it would decide the cut by
/// thread count, and results would depend on it.
enum GEMM {
  /// Rows of a result that one task computes at most: enough to make packing the other operand
  /// cheap, few enough to keep all threads busy.
  private static let rowGrain = 512

  static func useCallersThread() {
    openblas_set_num_threads(1)
  }

  /// c [m, n] = a b + (adding ? c : 0) with a [m, k] and b [k, n] after their transpositions.
  static func multiply(
    _ a: UnsafePointer<Float>, transposingLeft transposesA: Bool = false,
    by b: UnsafePointer<Float>, transposingRight transposesB: Bool = false,
    into c: UnsafeMutablePointer<Float>, m: Int, n: Int, k: Int, scale: Float = 1,
    adding: Bool = false, on threads: ThreadPool
  ) {
    if m == 0 || n == 0 { return }
    let grain = taskRows(m: m, n: n, k: k)
    threads.run(over: m, grain: grain) { rows in
      let start = rows.lowerBound
      product(
        a + (transposesA ? start : start * k), transposesA, transposesA ? m : k,
        b, transposesB, transposesB ? k : n, c + start * n, n,
        m: rows.count, n: n, k: k, scale: scale, adding: adding)
    }
  }

  /// One product on the calling thread, with leading dimensions.
  static func product(
    _ a: UnsafePointer<Float>, _ transposesA: Bool, _ aStride: Int,
    _ b: UnsafePointer<Float>, _ transposesB: Bool, _ bStride: Int,
    _ c: UnsafeMutablePointer<Float>, _ cStride: Int,
    m: Int, n: Int, k: Int, scale: Float, adding: Bool
  ) {
    cblas_sgemm(
      CblasRowMajor, transposesA ? CblasTrans : CblasNoTrans,
      transposesB ? CblasTrans : CblasNoTrans,
      blasint(m), blasint(n), blasint(k), scale, a, blasint(aStride), b, blasint(bStride),
      adding ? 1 : 0, c, blasint(cStride))
  }

  /// The cut depends on the sizes alone. Small products stay whole; others make an even number of
  /// tasks of equal height, so that two or four threads finish together.
  private static func taskRows(m: Int, n: Int, k: Int) -> Int {
    if m * n * k < 1 << 20 { return m }
    let taskCount = max(2, (m + rowGrain - 1) / rowGrain)
    let even = taskCount + taskCount % 2
    let rows = (m + even - 1) / even
    return (rows + 15) / 16 * 16
  }
}
