internal import DurableFiles
internal import Glibc

/// A child process whose standard output is read until it ends or is too late.
final class ProbeProcess {
  enum Ending: Equatable {
    case exited(Int32, message: String)
    case killed(signal: Int32)
    case timedOut
  }

  private static let messageLimit = 64 << 10

  private let number: pid_t
  /// Our end of the way to the child.
  private let output: Int32
  private var isReaped = false

  /// - Throws: ``FileError`` where there is no such executable.
  init(_ executable: String, arguments: [String]) throws(FileError) {
    var ends: [Int32] = [-1, -1]
    // Unlike a pipe's, its ends cannot reach a process that another thread starts meanwhile.
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
      throw FileError(.open, path: executable, code: errno)
    }
    output = ends[0]
    defer { close(ends[1]) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
    var vector: [UnsafeMutablePointer<CChar>?] = ([executable] + arguments).map { strdup($0) }
    vector.append(nil)
    defer { for text in vector { free(text) } }
    var child: pid_t = 0
    var attributes = Self.plainSignals()
    defer { posix_spawnattr_destroy(&attributes) }
    let code = posix_spawn(&child, executable, &actions, &attributes, &vector, environ)
    guard code == 0 else {
      close(ends[0])
      throw FileError(.open, path: executable, code: code)
    }
    number = child
  }

  deinit {
    close(output)
    if !isReaped {
      kill(number, SIGKILL)
      var status: Int32 = 0
      waitpid(number, &status, 0)
    }
  }

  /// Waits for the child and takes what it says; a late one is killed.
  func wait(seconds: Int) -> Ending {
    let deadline = Self.milliseconds() + seconds * 1_000
    var message: [UInt8] = []
    // The way ends when the child does, whichever way it does.
    while true {
      let rest = deadline - Self.milliseconds()
      guard rest > 0 else { return .timedOut }
      var event = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
      let ready = poll(&event, 1, Int32(clamping: rest))
      if ready < 0, errno == EINTR { continue }
      guard ready > 0 else { return .timedOut }
      var buffer = [UInt8](repeating: 0, count: 4_096)
      let count = read(output, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      if message.count < Self.messageLimit { message += buffer[..<count] }
    }
    var status: Int32 = 0
    while true {
      let result = waitpid(number, &status, WNOHANG)
      if result == number { break }
      if result < 0, errno != EINTR { return .killed(signal: 0) }
      guard Self.milliseconds() < deadline else { return .timedOut }
      usleep(1_000)
    }
    isReaped = true
    let signal = status & 0x7F
    return signal == 0
      ? .exited((status >> 8) & 0xFF, message: String(decoding: message, as: UTF8.self))
      : .killed(signal: signal)
  }

  /// What we ignore or hold back must not keep the child from ending.
  private static func plainSignals() -> posix_spawnattr_t {
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    var (all, none) = (sigset_t(), sigset_t())
    sigfillset(&all)
    sigemptyset(&none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK))
    return attributes
  }

  private static func milliseconds() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1_000 + time.tv_nsec / 1_000_000
  }
}
