import Foundation
import NIOConcurrencyHelpers
import StaffAccess
import Testing

@testable import Consoles
@testable import Station

/// Who may hold a terminal's time-out, and what ends it when he is gone.
@Suite struct HoldAPITests {
  private func staff() throws -> TestStaff {
    try TestStaff([("c07", [.clerk], ["w3-post"]), ("i01", [.inspector], []), ("d01", [.duty], [])])
  }

  @Test func onlyAClerkHoldsAndOnlyForHisPost() async throws {
    let staff = try staff()
    let test = try TestWindows(staff: staff.door)
    defer { test.pages.stop() }
    test.pages.publish(VisitSample.view())
    let (clerk, inspector, duty) = (try staff.logIn("c07"), try staff.logIn("i01"), try staff.logIn("d01"))
    let refused: [(cookie: String?, post: String, status: Int)] = [
      (nil, "w3-post", 401), ("wrong", "w3-post", 401), (inspector, "w3-post", 403), (duty, "w3-post", 403), (clerk, "m", 403),
    ]
    for verb in ["hold", "let-go"] {
      for (cookie, name, status) in refused {
        let answer = try await test.client.post("/api/kiosks/hall/\(verb)", #"{"post":"\#(name)"}"#, cookie: cookie)
        #expect(answer.status == status, "\(verb) \(name) \(answer.body)")
      }
    }
    #expect(test.notes.asked.isEmpty)
    for (verb, action) in [("hold", VisitAction.hold(kiosk: "hall")), ("let-go", .letGo(kiosk: "hall", .released))] {
      let answer = try await test.client.post("/api/kiosks/hall/\(verb)", #"{"post":"w3-post"}"#, cookie: clerk)
      #expect(answer.status == 200 && test.notes.asked.last == .init(post: "w3-post", action: .visit(action)))
    }
  }

  /// Hands requests to a watch over holds; the station takes them or not.
  private final class Watch: Sendable {
    let asked = NIOLockedValueBox<[VisitAction]>([])
    let answer = NIOLockedValueBox(DeskAnswer.done)
    let watch: HoldWatch

    init(_ door: StaffDoor?) {
      let (asked, answer) = (asked, answer)
      watch = HoldWatch(staff: PageGuard(door: door, page: .window)) { _, action in
        if case .visit(let action) = action { asked.withLockedValue { $0.append(action) } }
        return answer.withLockedValue { $0 }
      }
    }

    func began(_ token: String?) {
      watch.began("hall", "w3-post", HTTPRequest(method: .post, path: [], sessions: token.map { ["linli-window": $0] } ?? [:]))
    }
    var count: Int { asked.withLockedValue { $0.count } }
  }

  @Test func whoseSessionIsOverHoldsNothing() async throws {
    let staff = try staff()
    let (first, second) = (try staff.logIn("c07"), try staff.logIn("c07"))
    let watch = Watch(staff.door)
    watch.began(first)
    staff.pass(.seconds(1700))
    _ = staff.door.session(second)
    await watch.watch.look()
    #expect(watch.count == 0)
    // Looking after him has not kept him logged in.
    staff.pass(.seconds(200))
    watch.answer.withLockedValue { $0 = .refused(.stationBusy) }
    await watch.watch.look()
    watch.answer.withLockedValue { $0 = .done }
    await watch.watch.look()
    await watch.watch.look()
    #expect(watch.asked.withLockedValue { $0 } == [.letGo(kiosk: "hall", .loggedOut), .letGo(kiosk: "hall", .loggedOut)])
    // Another session holds it meanwhile, and logs out.
    watch.began(second)
    await watch.watch.look()
    #expect(watch.count == 2)
    staff.door.logOut(second)
    await watch.watch.look()
    #expect(watch.count == 3)
  }

  @Test func whereNobodyHasAnAccountItIsHeldUntilItIsLetGo() async throws {
    let watch = Watch(nil)
    watch.began(nil)
    await watch.watch.look()
    #expect(watch.count == 0)
  }

  @Test func thePagesSeeThatItIsHeldAndOnlyTheWindowsByWhom() async throws {
    var view = VisitSample.view()
    #expect(!view.json(for: .hall).string.contains("held") && !view.json(for: .window).string.contains("held"))
    view.kiosks[0].hold = KioskHold(kiosk: "hall", post: "w3-post", since: VisitSample.time)
    let since = #""heldSince":\#(VisitSample.time.wallMilliseconds)"#
    #expect(view.json(for: .hall).string.contains(since) && !view.json(for: .hall).string.contains("heldBy"))
    #expect(view.json(for: .window).string.contains(since + #","heldBy":"w3-post""#))
  }
}
