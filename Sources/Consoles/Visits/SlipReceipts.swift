import NIOConcurrencyHelpers
import Station

/// Who may say what became of a slip: the page that took its ticket, by a random number that stood in that answer alone. Others on the hall's port
/// cannot call a ticket printed that nobody holds.
final class SlipReceipts: Sendable {
  private struct Receipt {
    var number: UInt64
    var kiosk: String
    var ticket: TicketID
  }

  /// A page says it within seconds. After a restart of this program nobody may: what became of such slips stays unknown, and a clerk looks.
  static let limit = 256
  private let newest = NIOLockedValueBox<[Receipt]>([])

  /// Sixteen hexadecimal digits.
  func give(_ kiosk: String, _ ticket: TicketID) -> String {
    let number = UInt64.random(in: .min ... .max)
    newest.withLockedValue { newest in
      if newest.count >= Self.limit { newest.removeFirst() }
      newest.append(Receipt(number: number, kiosk: kiosk, ticket: ticket))
    }
    let text = String(number, radix: 16)
    return String(repeating: "0", count: 16 - text.count) + text
  }

  func isGood(_ number: UInt64, _ kiosk: String, _ ticket: TicketID) -> Bool {
    newest.withLockedValue { $0.contains { $0.number == number && $0.kiosk == kiosk && $0.ticket == ticket } }
  }
}
