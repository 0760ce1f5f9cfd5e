import NIOConcurrencyHelpers
import NIOCore

/// When each terminal's pages last said that they work. The page that somebody watches over says so under a mark of its own, which it was
/// opened with: another page of the same terminal does not speak for it.
final class KioskPulses: Sendable {
  private struct Pulse {
    var mark: String
    var at: NIODeadline
  }
  private let seen = NIOLockedValueBox<[String: [Pulse]]>([:])

  /// Terminals have names in the site file; whatever else calls itself one does not fill the memory.
  private static let limit = 1000
  /// Of one terminal: each start of its browser has another mark, and the newest are kept.
  static let marksPerTerminal = 8

  /// What a mark may look like.
  static func isMark(_ text: String) -> Bool {
    (1...32).contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) }
  }

  /// - Parameter mark: empty for a page that was opened without one.
  func note(_ kiosk: String, mark: String = "") {
    seen.withLockedValue { seen in
      guard seen.count < Self.limit || seen[kiosk] != nil else { return }
      var pulses = seen[kiosk] ?? []
      pulses.removeAll { $0.mark == mark }
      pulses.append(Pulse(mark: mark, at: .now()))
      seen[kiosk] = pulses.suffix(Self.marksPerTerminal)
    }
  }

  /// In milliseconds, of whichever of its pages said so last.
  func age(_ kiosk: String) -> Int64? { age(seen.withLockedValue { $0[kiosk]?.last }) }

  /// In milliseconds, of the page with that mark alone.
  func age(_ kiosk: String, mark: String) -> Int64? { age(seen.withLockedValue { $0[kiosk]?.last { $0.mark == mark } }) }

  private func age(_ pulse: Pulse?) -> Int64? { pulse.map { (NIODeadline.now() - $0.at).nanoseconds / 1_000_000 } }
}
