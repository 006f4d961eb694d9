internal import Glibc

/// One allocation that a program's values share, aligned to pages and zero at first.
final class Arena {
  let base: UnsafeMutableRawPointer
  let byteCount: Int

  init(byteCount: Int) {
    self.byteCount = max(byteCount, 4_096)
    guard
      let base = mmap(
        nil, self.byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      base != MAP_FAILED
    else {
      preconditionFailure(
        "The system gave no \(byteCount) bytes for an arena. Use smaller chunks or a machine with "
          + "more memory.")
    }
    self.base = base
    // Large pages spare the address translation of gigabytes; refusal costs nothing.
    madvise(base, self.byteCount, MADV_HUGEPAGE)
  }

  deinit {
    munmap(base, byteCount)
  }
}
