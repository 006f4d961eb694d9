internal import COpenBLAS
internal import CPUDevice
internal import Glibc

/// A large product by OpenBLAS: the machine's peak.
///
/// Each thread multiplies a block of rows by OpenBLAS alone. Its own threads, which do no better,
/// go on turning around after a product, and what is measured next has a core less.
final class ProductYardstick {
  /// Rows, columns and depth: about the largest product of a base-size tower's chunk.
  static let size = (m: 2_048, n: 3_072, k: 1_024)
  private let threads: ThreadPool
  private let left: UnsafeMutablePointer<Float>
  private let right: UnsafeMutablePointer<Float>
  private let result: UnsafeMutablePointer<Float>

  init(threads: Int) {
    self.threads = ThreadPool(threadCount: threads)
    let (m, n, k) = ProductYardstick.size
    left = .allocate(capacity: m * k)
    right = .allocate(capacity: k * n)
    result = .allocate(capacity: m * n)
    left.initialize(repeating: 0.5, count: m * k)
    right.initialize(repeating: 0.25, count: k * n)
    result.initialize(repeating: 0, count: m * n)
  }

  deinit {
    left.deallocate()
    right.deallocate()
    result.deallocate()
  }

  static var floatingPointOperations: Double {
    2 * Double(size.m) * Double(size.n) * Double(size.k)
  }

  /// Seconds of one product.
  func run() -> Double {
    let (m, n, k) = ProductYardstick.size
    openblas_set_num_threads(1)
    return Rounds.seconds {
      threads.run(taskCount: threads.threadCount) { task in
        let rows = m * task / threads.threadCount..<m * (task + 1) / threads.threadCount
        cblas_sgemm(
          CblasRowMajor, CblasNoTrans, CblasTrans, blasint(rows.count), blasint(n), blasint(k), 1,
          left + rows.lowerBound * k, blasint(k), right, blasint(k), 0,
          result + rows.lowerBound * n, blasint(n))
      }
    }
  }
}

/// Copying and reading memory with all threads, in working sets of a chosen size.
final class MemoryYardstick {
  private let threads: ThreadPool
  private let byteCount: Int
  private let from: UnsafeMutableRawPointer
  private let to: UnsafeMutableRawPointer
  private static let grain = 1 << 16

  /// - Parameter byteCount: read and written together.
  init(byteCount: Int, threads: ThreadPool) {
    self.threads = threads
    self.byteCount = max(4_096, byteCount / 2)
    from = .allocate(byteCount: self.byteCount, alignment: 4_096)
    to = .allocate(byteCount: self.byteCount, alignment: 4_096)
    memset(from, 1, self.byteCount)
    memset(to, 2, self.byteCount)
  }

  deinit {
    from.deallocate()
    to.deallocate()
  }

  /// What one copy reads and writes.
  var copiedBytes: Double { Double(2 * byteCount) }

  /// Seconds of one copy.
  func copy() -> Double {
    Rounds.seconds {
      threads.run(over: byteCount, grain: MemoryYardstick.grain) { range in
        memcpy(to + range.lowerBound, from + range.lowerBound, range.count)
      }
    }
  }

  /// What one reading reads.
  var readBytes: Double { Double(byteCount) }

  /// Seconds of one reading.
  func read() -> Double {
    Rounds.seconds {
      threads.run(over: byteCount, grain: MemoryYardstick.grain) { range in
        var sums = (SIMD16<Float>(), SIMD16<Float>(), SIMD16<Float>(), SIMD16<Float>())
        let whole = range.lowerBound..<range.upperBound - range.count % 256
        for offset in stride(from: whole.lowerBound, to: whole.upperBound, by: 256) {
          let lanes = (from + offset).assumingMemoryBound(to: SIMD16<Float>.self)
          sums.0 += lanes[0]
          sums.1 += lanes[1]
          sums.2 += lanes[2]
          sums.3 += lanes[3]
        }
        let total = sums.0 + sums.1 + sums.2 + sums.3
        // Written, so that the reading is not optimized away.
        to.advanced(by: range.lowerBound).storeBytes(of: total[0], as: Float.self)
      }
    }
  }
}
