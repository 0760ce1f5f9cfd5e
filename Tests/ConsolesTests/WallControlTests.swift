import NIOConcurrencyHelpers
import StaffAccess
import Testing

@testable import Consoles
@testable import Station

/// The wall's requests by the station's socket: nobody is logged in there, and nothing is allowed that the page refuses.
@Suite struct WallControlTests {
  private let asked = NIOLockedValueBox<[WallAction]>([])

  private func request(_ body: String, _ staff: TestStaff, isRehearsal: Bool = false) -> WallControl.Answer {
    WallControl.request("visitors", body, isRehearsal: isRehearsal, view: WallSample.view, door: staff.door) { _, action in
      if case .wall(let action) = action { asked.withLockedValue { $0.append(action) } }
      return .done
    }
  }

  /// Whoever is shown round may stand at an open terminal.
  @Test func onlyAnOperatorsPinEndsTheVisit() throws {
    let staff = try TestStaff([("o01", [.operator], ["wall"]), ("c07", [.clerk], [])])
    #expect(request(#"{"post":"wall","on":"yes"}"#, staff).status == 200)
    let wrong: [(String, Int, String)] = [
      ("", 401, "loginNeeded"), (#","confirmed":"yes""#, 401, "loginNeeded"), (#","code":"739164""#, 401, "loginNeeded"),
      (#","id":"o01""#, 401, "loginWrong"), (#","id":"o01","code":"000000""#, 401, "loginWrong"),
      (#","id":"nobody","code":"739164""#, 401, "loginWrong"), (#","id":"c07","code":"739164""#, 403, "noRight"),
    ]
    for (proof, status, code) in wrong {
      let answer = request(#"{"post":"wall","on":"no"\#(proof)}"#, staff)
      #expect(answer.status == status && answer.json.contains(#""code":"\#(code)""#), "\(proof): \(answer)")
    }
    let other = request(#"{"post":"desk","on":"no","id":"o01","code":"739164"}"#, staff)
    #expect(other.status == 403 && other.json.contains("notYourPost"))
    #expect(asked.withLockedValue { $0 } == [.visitors(true)])
    #expect(staff.denied == ["c07 /api/wall/visitors", "o01 /api/wall/visitors desk"])
    #expect(staff.notes.contains(.refused(staff: nil, .nameless)) && staff.notes.contains(.refused(staff: "o01", .wrong)))
    #expect(request(#"{"post":"wall","on":"no","id":"o01","code":"739164"}"#, staff).status == 200)
    #expect(asked.withLockedValue { $0.last } == .visitors(false))
    // Nobody stays logged in by it.
    #expect(staff.notes.last == .loggedOut(staff: "o01"))
  }

  @Test func withoutAccountsItIsSaidTwice() throws {
    let staff = try TestStaff([])
    for _ in 0..<3 {
      let refused = request(#"{"post":"wall","on":"no"}"#, staff)
      #expect(refused.status == 409 && refused.json.contains("notConfirmed"))
    }
    #expect(staff.notes == [.refused(staff: nil, .unconfirmed)], "written down once a minute")
    #expect(request(#"{"post":"wall","on":"no"}"#, staff, isRehearsal: true).status == 200, "a rehearsal ends nothing")
    #expect(request(#"{"post":"wall","on":"no","confirmed":"yes"}"#, staff).status == 200)
    #expect(asked.withLockedValue { $0 } == [.rehearse(.visitors(false)), .visitors(false)])
  }
}
