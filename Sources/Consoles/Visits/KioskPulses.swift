import NIOConcurrencyHelpers
import NIOCore

/// When each terminal's page last said that it works.
final class KioskPulses: Sendable {
  private let seen = NIOLockedValueBox<[String: NIODeadline]>([:])

  /// Terminals have names in the site file; whatever else calls itself one does not fill the memory.
  private static let limit = 1000

  func note(_ kiosk: String) {
    seen.withLockedValue { seen in
      if seen.count < Self.limit || seen[kiosk] != nil { seen[kiosk] = .now() }
    }
  }

  /// In milliseconds.
  func age(_ kiosk: String) -> Int64? {
    seen.withLockedValue { $0[kiosk] }.map { (NIODeadline.now() - $0).nanoseconds / 1_000_000 }
  }
}
