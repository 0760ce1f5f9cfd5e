import NIOConcurrencyHelpers
import Station

/// Lets go of terminals whose time-out was held by somebody who is not logged in any more. Who has no account holds until it is let go.
final class HoldWatch: Sendable {
  private struct Holder: Equatable {
    var post: String
    var token: String?
  }
  private let holders = NIOLockedValueBox<[String: Holder]>([:])
  private let staff: PageGuard
  private let submit: DutyDesk.Submit

  static let every = Duration.seconds(5)

  init(staff: PageGuard, submit: @escaping DutyDesk.Submit) {
    self.staff = staff
    self.submit = submit
  }

  /// The station has taken it: so there are no more than terminals in the site file.
  func began(_ kiosk: String, _ post: String, _ request: HTTPRequest) {
    holders.withLockedValue { $0[kiosk] = Holder(post: post, token: staff.token(of: request)) }
  }

  /// Until the task is cancelled.
  func run() async {
    while !Task.isCancelled {
      await look()
      try? await Task.sleep(for: Self.every)
    }
  }

  func look() async {
    let all = holders.withLockedValue { $0 }
    for (kiosk, holder) in all.sorted(by: { $0.key < $1.key }) where !staff.mayStay(holder.token) {
      let answer = await submit(holder.post, .visit(.letGo(kiosk: kiosk, .loggedOut)))
      // What the station did not take is tried again.
      guard answer.mayHold else { continue }
      holders.withLockedValue { if $0[kiosk] == holder { $0[kiosk] = nil } }
    }
  }
}
