import CSerialPort

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Each connection takes a descriptor, and so do journal and buses: how many a server may use is what the system allows.
public enum OpenFiles {
  /// For everything else in this program: the pages' connections are limited to about half of it.
  public static let others = 2_048

  /// Raises the soft limit, if it is lower (1,024 usually), as far as the system lets it.
  ///
  /// - Returns: the limit that holds now; `wanted` when the system does not say.
  @discardableResult
  public static func raise(to wanted: Int) -> Int {
    #if canImport(Glibc)
      let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
      let resource = RLIMIT_NOFILE
    #endif
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0 else { return wanted }
    if limit.rlim_cur < rlim_t(wanted) {
      limit.rlim_cur = min(limit.rlim_max, rlim_t(wanted))
      _ = setrlimit(resource, &limit)
      guard getrlimit(resource, &limit) == 0 else { return wanted }
    }
    return Int(clamping: limit.rlim_cur)
  }

  /// How many of `wanted` connections may be used beside everything else; never less than half of what there is.
  public static func allow(_ wanted: Int) -> Int {
    let allowed = raise(to: wanted + others)
    return min(wanted, max(allowed - others, allowed / 2))
  }
}

/// What comes into being here is no child's: a program that is started at the same moment would keep it open, and whoever waits for its end
/// waiting.
extension OpenFiles {
  /// The next connection of a listening socket; below 0 as accept(2).
  public static func accept(_ listener: Int32, nonBlocking: Bool = false) -> Int32 {
    linli_accept(listener, nonBlocking ? Int32(SOCK_NONBLOCK.rawValue) : 0)
  }

  /// The ends of a new pipe, the one to read from first; `nil` as pipe(2) fails.
  public static func pipe() -> (read: Int32, write: Int32)? {
    var ends: [Int32] = [-1, -1]
    return pipe2(&ends, O_CLOEXEC) == 0 ? (ends[0], ends[1]) : nil
  }
}
