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
