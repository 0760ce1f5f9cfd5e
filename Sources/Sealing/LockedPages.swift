import DeviceVocabulary
import Foundation

/// Pages that stay out of the swap file and out of crash dumps.
public enum LockedPages {
  /// Where the system allows no more locked memory (RLIMIT_MEMLOCK) the page may be swapped; it stays out of crash dumps all the same.
  public static let keep: SecretBuffer.PageKeeper = { memory, moment in
    guard let base = memory.baseAddress else { return }
    switch moment {
    case .taken:
      _ = mlock(base, memory.count)
      _ = madvise(base, memory.count, MADV_DONTDUMP)
    case .returned:
      _ = madvise(base, memory.count, MADV_DODUMP)
      _ = munlock(base, memory.count)
    }
  }
}
