import Foundation
import NIOConcurrencyHelpers
import StaffAccess
import Testing

@testable import Consoles
@testable import Station

/// Who may hold a terminal's time-out, and what ends it when he is gone.
@Suite struct HoldAPITests {
  /// Two accounts in a folder of their own, and a clock that a test moves.
  private final class Staff: Sendable {
    let folder: String
    let door: StaffDoor
    let passed = NIOLockedValueBox(Duration.zero)

    init() throws {
      folder = FileManager.default.temporaryDirectory.appendingPathComponent("linli-hold-\(UUID().uuidString)").path
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      var book = StaffBook()
      for (id, role, posts) in [("c07", Role.clerk, ["w3-post"]), ("i01", Role.inspector, []), ("d01", Role.duty, [])] {
        book.put(StaffAccount(id: id, roles: [role], posts: posts, pin: try PinHash("739164", rounds: 16)))
      }
      try book.save(folder + "/staff.json")
      let passed = passed
      door = StaffDoor(path: folder + "/staff.json", clock: { passed.withLockedValue { $0 } }, pause: {}, rounds: 16) { _ in }
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func logIn(_ id: String) throws -> String { try door.logIn(id: id, pin: "739164").get().token }
  }

  private func post(_ path: String, _ body: String, _ cookie: String?, port: Int) async throws -> Answer {
    let client = try await RawClient.connect(port: port)
    let header = cookie.map { "Cookie: linli-window=\($0)\r\n" } ?? ""
    client.send(
      "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\(header)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    )
    let received = try await client.untilClosed()
    guard let answer = Answer(received) else { throw RawClient.TimedOut(received: received) }
    return answer
  }

  @Test func onlyAClerkHoldsAndOnlyForHisPost() async throws {
    let staff = try Staff()
    let test = try TestWindows(staff: staff.door)
    defer { test.pages.stop() }
    test.pages.publish(VisitSample.view())
    let (clerk, inspector, duty) = (try staff.logIn("c07"), try staff.logIn("i01"), try staff.logIn("d01"))
    let refused: [(cookie: String?, post: String, status: Int)] = [
      (nil, "w3-post", 401), ("wrong", "w3-post", 401), (inspector, "w3-post", 403), (duty, "w3-post", 403), (clerk, "m", 403),
    ]
    for verb in ["hold", "let-go"] {
      for (cookie, name, status) in refused {
        let answer = try await post("/api/kiosks/hall/\(verb)", #"{"post":"\#(name)"}"#, cookie, port: test.pages.port)
        #expect(answer.status == status, "\(verb) \(name) \(answer.body)")
      }
    }
    #expect(test.notes.asked.isEmpty)
    for (verb, action) in [("hold", VisitAction.hold(kiosk: "hall")), ("let-go", .letGo(kiosk: "hall", .released))] {
      let answer = try await post("/api/kiosks/hall/\(verb)", #"{"post":"w3-post"}"#, clerk, port: test.pages.port)
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
    let staff = try Staff()
    let (first, second) = (try staff.logIn("c07"), try staff.logIn("c07"))
    let watch = Watch(staff.door)
    watch.began(first)
    staff.passed.withLockedValue { $0 += .seconds(1700) }
    _ = staff.door.session(second)
    await watch.watch.look()
    #expect(watch.count == 0)
    // Looking after him has not kept him logged in.
    staff.passed.withLockedValue { $0 += .seconds(200) }
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
