internal import Autodiff
internal import Glibc

/// One allocation that a program's values share, aligned to pages and zero at first.
final class Arena {
  let base: UnsafeMutableRawPointer
  let byteCount: Int

  init(byteCount: Int) throws(DeviceError) {
    self.byteCount = max(byteCount, 4_096)
    guard
      let base = mmap(
        nil, self.byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      base != MAP_FAILED
    else { throw .outOfMemory(byteCount: byteCount) }
    self.base = base
    // Large pages spare the address translation of gigabytes; refusal costs nothing.
    madvise(base, self.byteCount, MADV_HUGEPAGE)
  }

  /// An arena where it is too late for an error; what takes much was asked for before, by
  /// ``CPUDevice/requireMemory(byteCount:)``.
  static func required(byteCount: Int) -> Arena {
    do throws(DeviceError) {
      return try Arena(byteCount: byteCount)
    } catch {
      fatalError(error.description)
    }
  }

  deinit {
    munmap(base, byteCount)
  }
}
