internal import Glibc

/// Lets files of this process grow to a size only: how a full disk is had without one.
public enum FileSizeLimit {
  public static func set(_ byteCount: Int) {
    signal(SIGXFSZ, SIG_IGN)
    change(to: rlim_t(byteCount))
  }

  public static func lift() { change(to: rlim_t.max) }

  private static func change(to byteCount: rlim_t) {
    let resource = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
    var limit = rlimit()
    getrlimit(resource, &limit)
    limit.rlim_cur = min(byteCount, limit.rlim_max)
    setrlimit(resource, &limit)
  }
}
