import Foundation

/// Each connection takes a descriptor, and so do journal, buses and pages: what children may use is what the system allows beyond those.
enum OpenFiles {
  /// For everything else in this program: the pages' connections are limited to about half of it.
  private static let others = 2_048

  /// Raises the soft limit, if it is lower (1,024 usually), as far as the system lets it.
  ///
  /// - Returns: how many of `wanted` may be used; never less than half of what there is.
  static func allow(_ wanted: Int) -> Int {
    #if canImport(Glibc)
      let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
      let resource = RLIMIT_NOFILE
    #endif
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0 else { return wanted }
    let most = rlim_t(wanted + others)
    if limit.rlim_cur < most {
      limit.rlim_cur = min(limit.rlim_max, most)
      _ = setrlimit(resource, &limit)
      guard getrlimit(resource, &limit) == 0 else { return wanted }
    }
    let allowed = Int(clamping: limit.rlim_cur)
    return min(wanted, max(allowed - others, allowed / 2))
  }
}
