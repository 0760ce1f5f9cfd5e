import NIOConcurrencyHelpers
import Testing

@testable import Consoles
@testable import Station

/// Who may say what became of a slip.
@Suite struct SlipReceiptTests {
  @Test func onlyThePageThatTookATicketSaysWhatBecameOfItsSlip() async throws {
    let number = NIOLockedValueBox<UInt16>(0)
    let test = try await TestHall { action in
      guard case .kiosk(_, .takeTicket(_, _, let digest, _)) = action else { return .done }
      var ticket = VisitSample.ticket(digest)
      ticket.id.number = number.withLockedValue {
        $0 += 1
        return $0
      }
      return .ticket(ticket, ahead: 2)
    }.live()
    defer { test.pages.stop() }
    func take() async throws -> String {
      let said = try await test.client.post("/api/kiosk/hall/ticket", #"{"service":"legal","priority":"no","card":""}"#).body
      return String(try #require(said.firstMatch(of: #/"receipt":"([0-9a-f]{16})"/#)).output.1)
    }
    func tell(_ kiosk: String, _ number: String, _ receipt: String, _ slip: String = "shown") async throws -> Answer {
      try await test.client.post(
        "/api/kiosk/\(kiosk)/slip", #"{"id":"20783/\#(number)","slip":"\#(slip)","receipt":"\#(receipt)"}"#)
    }
    let (first, second) = (try await take(), try await take())
    #expect(first != second)
    let taken = test.notes.asked.count
    for (kiosk, number, receipt) in [
      ("hall", "A001", "0000000000000000"), ("hall", "A001", second), ("hall", "A003", first), ("door", "A001", first),
    ] {
      let refused = try await tell(kiosk, number, receipt, "printed")
      #expect(
        refused.status == 409 && refused.body.contains("slipOfAnother") && refused.body.contains("不是这台机器"), "\(refused.body)")
    }
    #expect(test.notes.asked.count == taken)
    // Its page, and once more when the answer was lost on the way.
    for _ in 0..<2 { #expect(try await tell("hall", "A001", first).status == 200) }
    #expect(try await tell("hall", "A002", second, "unknown").status == 200)
    #expect(
      test.notes.asked.dropFirst(taken).map(\.action) == [
        .kiosk("hall", .slip(VisitSample.id, .shown)), .kiosk("hall", .slip(VisitSample.id, .shown)),
        .kiosk("hall", .slip(TicketID(day: 20783, letter: "A", number: 2), .unknown)),
      ])
  }

  @Test func receiptsAreForgottenOldestFirst() {
    let receipts = SlipReceipts()
    let given = (0..<SlipReceipts.limit + 1).compactMap {
      UInt64(receipts.give("hall", TicketID(day: 1, letter: "A", number: UInt16($0))), radix: 16)
    }
    #expect(given.count == SlipReceipts.limit + 1)
    #expect(!receipts.isGood(given[0], "hall", TicketID(day: 1, letter: "A", number: 0)))
    #expect(receipts.isGood(given[1], "hall", TicketID(day: 1, letter: "A", number: 1)))
  }
}
