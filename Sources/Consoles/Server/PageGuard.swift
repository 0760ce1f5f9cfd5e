import StaffAccess
import Station

/// Lets the staff into a page: who may look, who may act, and where one logs in.
struct PageGuard: Sendable {
  let door: StaffDoor?
  let page: StaffPage

  func look(_ request: HTTPRequest, _ body: () -> RouteResult) -> RouteResult {
    refusalToLook(request).map { .reply($0) } ?? body()
  }

  /// For what a page asks again and again by itself: asking does not keep the session alive.
  func watch(_ request: HTTPRequest, _ body: () -> RouteResult) -> RouteResult {
    if let door, door.isGuarded, door.holds(token(of: request), look: page) { return body() }
    return look(request, body)
  }

  func act(_ request: HTTPRequest, for post: String, _ work: @escaping @Sendable () async -> HTTPReply) -> RouteResult {
    refusalToAct(request, for: post).map { .reply($0) } ?? .later(work)
  }

  /// Somebody has an account, so that whoever asks has to be logged in.
  var isGuarded: Bool { door?.isGuarded ?? false }

  /// The session of whoever asks, at this page: in one browser another may be logged in at another page.
  func token(of request: HTTPRequest) -> String? { request.sessions[SessionCookie.name(page)] }

  /// Who asks, by the id of his account; `nil` where nobody has one.
  func staff(_ request: HTTPRequest) -> String? {
    guard let door, door.isGuarded else { return nil }
    return door.session(token(of: request))?.staff
  }

  /// Writes down that whoever is logged in wanted what is another post's, where only the station can tell.
  func denied(_ request: HTTPRequest, for post: String) {
    guard let door, door.isGuarded, let session = door.session(token(of: request)) else { return }
    door.denied(session, "\(request.pathText) \(post)")
  }

  /// Where nobody has an account, what wants a PIN wants a second word at least. `nil`: it was said, or nobody needs to say it.
  func refusalUnconfirmed(_ isConfirmed: Bool) -> HTTPReply? {
    guard !isGuarded, !isConfirmed else { return nil }
    door?.refuseAtPage(.unconfirmed)
    return Self.unconfirmed
  }

  private static let unconfirmed = HTTPReply(409, .notConfirmed, at: "confirmed", accepted: "\"confirmed\": \"yes\"")

  private func nameless(_ door: StaffDoor) -> HTTPReply {
    door.refuseAtPage(.nameless)
    return Self.login
  }

  func refusedForeign() { door?.refuseAtPage(.foreign) }

  /// `nil`: whoever asks may look.
  private func refusalToLook(_ request: HTTPRequest) -> HTTPReply? {
    guard let door, door.isGuarded else { return nil }
    guard let session = door.session(token(of: request)) else { return nameless(door) }
    if session.roles.mayLook(at: page) { return nil }
    door.denied(session, request.pathText)
    return HTTPReply(403, .noRight, at: request.pathText, accepted: "a role that may look at this page")
  }

  /// `nil`: whoever asks may act, for this post.
  private func refusalToAct(_ request: HTTPRequest, for post: String) -> HTTPReply? {
    guard let door, door.isGuarded else { return nil }
    guard let session = door.session(token(of: request)) else { return nameless(door) }
    return refusalToAct(session, request.pathText, for: post, door)
  }

  private func refusalToAct(_ session: StaffDoor.Session, _ path: String, for post: String, _ door: StaffDoor) -> HTTPReply? {
    guard session.roles.mayAct(on: page) else {
      door.denied(session, path)
      return HTTPReply(403, .noRight, at: path, accepted: "a role that may act on this page")
    }
    guard session.mayAct(for: post) else {
      door.denied(session, "\(path) \(post)")
      return HTTPReply(403, .notYourPost, at: "post", accepted: session.posts.joined(separator: " | "))
    }
    return nil
  }

  /// Beside the pages nobody is logged in: who asks says so, with his PIN. It takes as long as a login. `nil`: he may act here, for that post;
  /// or nobody has an account.
  func refusalWithoutLogin(id: String, code: String, _ path: String, for post: String) -> HTTPReply? {
    guard let door, door.isGuarded else { return nil }
    guard !id.isEmpty else {
      door.refuseAtPage(.nameless)
      return HTTPReply(401, .loginNeeded, at: "id, code", accepted: "\"id\": …, \"code\": …")
    }
    switch door.logIn(id: id, pin: code) {
    case .success(let (token, session)):
      defer { door.logOut(token) }
      return refusalToAct(session, path, for: post, door)
    case .failure(let refusal): return Self.refused(refusal)
    }
  }

  /// Whether whoever has this cookie is still logged in and may act here; asking does not keep the session alive.
  func mayStay(_ token: String?) -> Bool { door.map { !$0.isGuarded || $0.holds(token, act: page) } ?? true }

  /// For the event stream, which outlives the request: asked again with every heartbeat.
  func mayListen(_ request: HTTPRequest) -> @Sendable () -> Bool {
    let (door, page, token) = (door, page, token(of: request))
    return { door.map { !$0.isGuarded || $0.holds(token, look: page) } ?? true }
  }

  private static let login = HTTPReply(401, .loginNeeded, at: "session", accepted: "POST /api/login {\"id\": …, \"pin\": …}")

  // MARK: - Logging in

  /// `nil`: the address is none of these.
  func route(_ request: HTTPRequest) -> RouteResult? {
    switch request.path {
    case ["api", "session"]:
      guard request.method == .get else {
        return .reply(HTTPReply(405, .wrongMethod, at: request.pathText, accepted: "GET", allow: "GET"))
      }
      return .reply(who(request))
    case ["api", "login", "card"]:
      guard request.method == .post else {
        return .reply(HTTPReply(405, .wrongMethod, at: request.pathText, accepted: "POST", allow: "POST"))
      }
      return logInByCard(request)
    case ["api", "login"], ["api", "logout"]:
      guard request.method == .post else {
        return .reply(HTTPReply(405, .wrongMethod, at: request.pathText, accepted: "POST", allow: "POST"))
      }
      return request.path[1] == "login" ? logIn(request) : .reply(logOut(request))
    default: return nil
    }
  }

  private func who(_ request: HTTPRequest) -> HTTPReply {
    let session = door?.session(token(of: request))
    return HTTPReply(
      status: 200,
      json: .object {
        $0.field("guarded", door?.isGuarded ?? false)
        if let door, door.isGuarded, door.cards.isReady { $0.field("card", true) }
        guard let session else { return }
        $0.field("staff", session.staff)
        $0.field("roles", session.roles.map(\.rawValue))
        $0.field("posts", session.posts)
        $0.field("mayAct", session.roles.mayAct(on: page))
        $0.field("mayLook", session.roles.mayLook(at: page))
      })
  }

  private func logIn(_ request: HTTPRequest) -> RouteResult {
    guard let door, door.isGuarded else {
      return .reply(HTTPReply(404, .notFound, at: request.pathText, accepted: "no login is needed here: there are no accounts"))
    }
    do throws(BadRequest) {
      let fields = try BodyFields(request.body, accepted: ["id", "pin"])
      let (id, pin) = (try fields.text("id"), try fields.text("pin"))
      let page = page
      return .later {
        switch await Self.offTheLoop({ door.logIn(id: id, pin: pin) }) {
        case .success(let (token, session)): return Self.welcome(token, session, page)
        case .failure(let refusal): return Self.refused(refusal)
        }
      }
    } catch {
      return .reply(HTTPReply(400, error.fault, at: error.place, accepted: error.accepted))
    }
  }

  /// How long a page waits before it asks once more.
  private static let cardPatience = Duration.seconds(6)

  /// `{"ask": 0}` begins, and the number that is answered goes on: of several pages the card is that of the one that began last.
  private func logInByCard(_ request: HTTPRequest) -> RouteResult {
    guard let door, door.isGuarded else {
      return .reply(HTTPReply(404, .notFound, at: request.pathText, accepted: "no login is needed here: there are no accounts"))
    }
    do throws(BadRequest) {
      let number = try BodyFields(request.body, accepted: ["ask"]).number("ask")
      let page = page
      return .later {
        let ask = number == 0 ? door.cards.ask() : UInt64(clamping: number)
        switch await door.cards.wait(ask, for: Self.cardPatience) {
        case .laid(let card):
          switch await Self.offTheLoop({ door.logIn(card: card) }) {
          case .success(let (token, session)): return Self.welcome(token, session, page)
          case .failure(let refusal): return Self.refused(refusal)
          }
        case .nothing(let lift):
          return HTTPReply(
            status: 200,
            json: .object {
              $0.field("answer", "waiting")
              $0.field("ask", Int(ask))
              $0.field("lift", lift)
            })
        case .superseded: return HTTPReply(409, .cardAskedElsewhere, at: "login", accepted: "{\"ask\": 0}")
        case .noReader: return HTTPReply(503, .noCardReader, at: "login", accepted: "an id and its PIN")
        }
      }
    } catch {
      return .reply(HTTPReply(400, error.fault, at: error.place, accepted: error.accepted))
    }
  }

  private static func welcome(_ token: String, _ session: StaffDoor.Session, _ page: StaffPage) -> HTTPReply {
    var reply = HTTPReply(
      status: 200,
      json: .object {
        $0.field("answer", "done")
        $0.field("mayLook", session.roles.mayLook(at: page))
      })
    reply.session = SessionCookie(page, token)
    return reply
  }

  /// The slow hash has a thread of its own: neither the pages nor the tasks that carry out requests wait for it.
  private static func offTheLoop<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
      LoginQueue.shared.run { continuation.resume(returning: work()) }
    }
  }

  /// Asked once more for the PIN of whoever is logged in; `nil`: it is his. Where nobody has an account nobody is asked.
  func refusalWithoutCode(_ request: HTTPRequest, _ code: String) async -> HTTPReply? {
    guard let door, door.isGuarded else { return nil }
    guard let session = door.session(token(of: request)) else { return Self.login }
    switch await Self.offTheLoop({ door.logIn(id: session.staff, pin: code) }) {
    case .success(let (token, _)):
      door.logOut(token)
      return nil
    case .failure(let refusal): return Self.refused(refusal)
    }
  }

  /// Lets another of the staff in at this page, in the place of whoever is logged in, once `sign` has been done.
  ///
  /// - Parameter sign: in the names of both, by the ids of their accounts.
  func handOver(
    _ request: HTTPRequest, to id: String, pin: String, for post: String, sign: (_ from: String, _ to: String) async -> DeskAnswer
  ) async -> HTTPReply {
    guard let door, door.isGuarded else { return Self.login }
    guard let leaving = door.session(token(of: request)) else { return Self.login }
    switch await Self.offTheLoop({ door.logIn(id: id, pin: pin) }) {
    case .failure(let refusal): return Self.refused(refusal)
    case .success(let (token, coming)):
      guard coming.roles.mayAct(on: page), coming.mayAct(for: post) else {
        door.denied(coming, request.pathText)
        door.logOut(token)
        return HTTPReply(403, .noRight, at: request.pathText, accepted: "a role that may act on this page, for this post")
      }
      let answer = await sign(leaving.staff, coming.staff)
      var reply = HTTPReply(answer)
      // What is decided holds once the disk takes it: the one who leaves has left either way.
      guard answer.mayHold else {
        door.logOut(token)
        return reply
      }
      door.logOut(self.token(of: request))
      reply.session = SessionCookie(page, token)
      return reply
    }
  }

  private func logOut(_ request: HTTPRequest) -> HTTPReply {
    door?.logOut(token(of: request))
    var reply = HTTPReply(status: 200, json: .object { $0.field("answer", "done") })
    reply.session = SessionCookie(page, "")
    return reply
  }

  private static func refused(_ refusal: StaffDoor.Refusal) -> HTTPReply {
    let accepted = "an id and its PIN"
    switch refusal {
    case .wrong: return HTTPReply(401, .loginWrong, at: "login", accepted: accepted)
    case .unknownCard: return HTTPReply(401, .cardUnknown, at: "login", accepted: "a card of the staff")
    case .locked: return HTTPReply(429, .loginLocked, at: "login", accepted: accepted)
    case .ended: return HTTPReply(403, .loginEnded, at: "login", accepted: accepted)
    case .fileUnreadable: return HTTPReply(503, .staffFileUnreadable, at: "login", accepted: accepted)
    case .nameless: return login
    case .unconfirmed: return unconfirmed
    case .foreign: return HTTPReply(403, .foreignOrigin, at: "Origin", accepted: "this page's own")
    case .tooManySessions: return HTTPReply(503, .tooManySessions, at: "login", accepted: accepted)
    }
  }
}
