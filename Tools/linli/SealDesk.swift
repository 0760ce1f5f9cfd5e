import DeviceVocabulary
import Foundation
import StaffAccess
import Station
import StationRuntime

/// Lets somebody of the staff open what is sealed, one line at a time: in the running station, which has the journal, the locks after wrong PINs and
/// the reader of cards; or in `linli seal open` itself when no station runs.
struct SealDesk: Sendable {
  let door: StaffDoor
  /// Whose that matter is: the post that owns it, and the one that it is offered to. Empty: it is no matter of this station.
  let posts: @Sendable (_ of: String) -> [String]
  /// Writes an entry, in that post's name; what is the matter when it is not on the disk.
  let write: @Sendable (_ note: AccessNote, _ post: String) -> String?

  /// What somebody opens for: the right is asked for with the login.
  struct Login: Codable {
    /// `nil`: by the card that is laid on the reader next.
    var id: String?
    var pin: String?
    var post: String
    var of: String
  }

  static let login = "sealed-login "
  static let opening = "sealed-opening "
  static let logout = "sealed-logout "
  /// Answers.
  static let written = "written"
  static let token = "token "

  /// `nil`: the line says something else.
  func say(_ line: String) -> String? {
    func read<Value: Decodable>(_ verb: String) -> Value? {
      try? JSONDecoder().decode(Value.self, from: Data(line.dropFirst(verb.count).utf8))
    }
    if line.hasPrefix(Self.login) { return answer(read(Self.login).map(logIn) ?? .failure(.unread)) }
    if line.hasPrefix(Self.opening) { return answer(read(Self.opening).map(open) ?? .failure(.unread)) }
    if line.hasPrefix(Self.logout) {
      door.logOut(String(line.dropFirst(Self.logout.count)))
      return "\n"
    }
    return nil
  }

  private struct Refused: Error {
    var words: String
    static let unread = Refused(words: "?")
    init(words: String) { self.words = words }
    init(_ fault: RequestFault) {
      let text = Texts.text(fault)
      words = "\(text.chinese) / \(text.english)"
    }
  }

  private func answer(_ said: Result<String, Refused>) -> String {
    switch said {
    case .success(let text): text + "\n"
    case .failure(let refused): DeskControl.failure + refused.words + "\n"
    }
  }

  private func logIn(_ login: Login) -> Result<String, Refused> {
    let came: Result<(token: String, StaffDoor.Session), StaffDoor.Refusal>
    if let id = login.id {
      came = door.logIn(id: id, pin: login.pin ?? "")
    } else {
      switch waitFor({ [cards = door.cards] in await RunStaffReader.laid(cards) }) {
      case .success(let card): came = door.logIn(card: card)
      case .failure(let error): return .failure(Refused(words: "\(error)"))
      }
    }
    switch came {
    case .failure(let refusal): return .failure(Refused(Self.fault(refusal)))
    case .success(let (token, session)):
      if let fault = refusal(session, post: login.post, of: login.of) {
        door.denied(session, "seal open \(login.of) \(login.post)")
        door.logOut(token)
        return .failure(Refused(fault))
      }
      return .success(Self.token + token)
    }
  }

  /// In a post that is his. As at the window: who may act there, of a matter that is that post's or offered to it. On duty: of any, also of a station
  /// below, whose posts are not these.
  private func refusal(_ session: StaffDoor.Session, post: String, of: String) -> RequestFault? {
    let isOnDuty = session.roles.contains(.duty)
    if !isOnDuty, !session.roles.mayAct(on: .window) { return .noRight }
    if !session.mayAct(for: post) { return .notYourPost }
    return isOnDuty || posts(of).contains(post) ? nil : .notYourMatter
  }

  private func open(_ audit: SealAudit) -> Result<String, Refused> {
    guard audit.isPlain else { return .failure(.unread) }
    var staff: String?
    if door.isGuarded {
      guard let session = door.session(audit.token) else {
        door.refuseNameless()
        return .failure(Refused(.loginNeeded))
      }
      if let fault = refusal(session, post: audit.post, of: audit.of) {
        door.denied(session, "seal open \(audit.of) \(audit.post)")
        return .failure(Refused(fault))
      }
      staff = session.staff
    }
    return write(audit.note(staff: staff), audit.post).map { .failure(Refused(words: $0)) } ?? .success(Self.written)
  }

  private static func fault(_ refusal: StaffDoor.Refusal) -> RequestFault {
    switch refusal {
    case .wrong: .loginWrong
    case .unknownCard: .cardUnknown
    case .locked: .loginLocked
    case .ended: .loginEnded
    case .fileUnreadable: .staffFileUnreadable
    case .tooManySessions: .tooManySessions
    case .nameless: .loginNeeded
    case .unconfirmed: .notConfirmed
    case .foreign: .foreignOrigin
    }
  }
}
