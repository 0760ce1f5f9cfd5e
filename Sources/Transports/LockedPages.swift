import DeviceVocabulary
import Foundation
import Synchronization

/// Keeps the pages of secrets out of the swap file and out of crash files: mlock(2) and MADV_DONTDUMP, and munlock(2) when they are erased.
///
/// Where the system refuses (RLIMIT_MEMLOCK) the secrets are still erased in time; that is told once, and everything goes on.
public final class LockedPages: Sendable {
  struct Calls: Sendable {
    var lock: @Sendable (UnsafeMutableRawBufferPointer) -> Int32 = { mlock($0.baseAddress, $0.count) == 0 ? 0 : errno }
    var unlock: @Sendable (UnsafeMutableRawBufferPointer) -> Void = { munlock($0.baseAddress, $0.count) }
    /// Leaves the pages out of crash files, or no longer.
    var hide: @Sendable (UnsafeMutableRawBufferPointer, Bool) -> Int32 = { pages, isHidden in
      madvise(pages.baseAddress, pages.count, isHidden ? MADV_DONTDUMP : MADV_DODUMP) == 0 ? 0 : errno
    }
  }

  private let calls: Calls
  private let log: @Sendable (String) -> Void
  private let isRefused = Atomic<Bool>(false)

  public convenience init(log: @escaping @Sendable (String) -> Void) { self.init(log: log, calls: Calls()) }

  init(log: @escaping @Sendable (String) -> Void, calls: Calls) {
    self.log = log
    self.calls = calls
  }

  /// The system refused at least once.
  public var hasBeenRefused: Bool { isRefused.load(ordering: .acquiring) }

  /// A buffer with such pages.
  public func buffer(_ capacity: Int) -> SecretBuffer { SecretBuffer(capacity: capacity, pages: keeper) }

  /// For whoever cannot tell anybody.
  public static let keep = LockedPages(log: { _ in }).keeper

  public var keeper: SecretBuffer.PageKeeper {
    { [self] pages, moment in
      switch moment {
      case .taken: keep(pages)
      case .returned:
        // They are ordinary memory again.
        calls.unlock(pages)
        _ = calls.hide(pages, false)
      }
    }
  }

  private func keep(_ pages: UnsafeMutableRawBufferPointer) {
    let hidden = calls.hide(pages, true)
    let locked = calls.lock(pages)
    let code = locked == 0 ? hidden : locked
    guard code != 0, !isRefused.exchange(true, ordering: .acquiringAndReleasing) else { return }
    let reason = String(cString: strerror(code))
    log(
      "内存锁定被系统拒绝(\(reason)),身份证内容仍会按时清除;请提高 LimitMEMLOCK / pages of secrets cannot be locked (\(reason)); they are erased all the same; raise LimitMEMLOCK"
    )
  }
}
