import NIOConcurrencyHelpers
import NIOCore
import Sealing
import StaffAccess
import Station

/// The page of the windows and of the posts behind them, on loopback.
public final class WindowPages: Sendable {
  public var port: Int { pages.port }
  /// Page files that could not be read, if any: pages say so instead.
  public let missingFiles: [String]
  private let pages: LivePages
  private let newest = NIOLockedValueBox<VisitView?>(nil)
  private let holding: Task<Void, Never>

  /// Parameters and errors as for `HallPages`.
  ///
  /// - Parameter sealer: `nil`: nothing is sealed here.
  public init(
    address: String = "127.0.0.1", port: Int, webRoot: String, limits: ServerLimits = .standard, staff: StaffDoor? = nil,
    sealer: FieldSealer? = nil,
    codes: SlipCodes, qr: @escaping @Sendable (String) -> [[Bool]]?, print: @escaping PrintSlip = { _ in .shown },
    submit: @escaping DutyDesk.Submit
  ) throws(ConsoleError) {
    let files = WebFiles(root: webRoot, names: WindowRoutes.fileNames)
    missingFiles = files.missing
    let staff = PageGuard(door: staff, page: .window)
    let holds = HoldWatch(staff: staff, submit: submit)
    let contacts = ContactDesk(sealer: sealer, newest: newest, submit: submit)
    pages = try LivePages(address: address, port: port, limits: limits) { board, hub in
      WindowRoutes(
        files: files, board: board, hub: hub, staff: staff, codes: codes, qr: qr, print: print, contacts: contacts, holds: holds,
        submit: submit)
    }
    holding = Task { await holds.run() }
  }

  /// As `DutyDesk.publish`.
  public func publish(_ view: VisitView) {
    newest.withLockedValue { $0 = view }
    pages.publish(revision: view.revision) { view.json(for: .window).bytes }
  }
  public func stationLost() { pages.stationLost() }
  public func stop() {
    holding.cancel()
    pages.stop()
  }
}

struct WindowRoutes: StaffRoutes {
  static let fileNames = [
    "window.html", "window.css", "window.js", "desk.css", "login.css", "login.js", "asking.js", "station.js", "matters.js",
    "dom.js",
    "dialogs.js", "scanner.js", "late.js", "events.js", "stream.js", "stream-worker.js", "words.js", "favicon.svg",
  ]

  let files: WebFiles
  let board: PageBoard
  let hub: EventHub
  let staff: PageGuard
  let codes: SlipCodes
  let qr: @Sendable (String) -> [[Bool]]?
  let print: PrintSlip
  let contacts: ContactDesk
  let holds: HoldWatch
  let submit: DutyDesk.Submit
  private let texts = HTTPReply(status: 200, json: PageWords.catalogue(PageWords.window))

  init(
    files: WebFiles, board: PageBoard, hub: EventHub, staff: PageGuard, codes: SlipCodes,
    qr: @escaping @Sendable (String) -> [[Bool]]?, print: @escaping PrintSlip, contacts: ContactDesk,
    holds: HoldWatch, submit: @escaping DutyDesk.Submit
  ) {
    self.contacts = contacts
    self.holds = holds
    self.files = files
    self.board = board
    self.hub = hub
    self.staff = staff
    self.codes = codes
    self.qr = qr
    self.print = print
    self.submit = submit
  }

  func route(_ request: HTTPRequest) -> RouteResult {
    if let login = staff.route(request) { return login }
    let path = request.path
    switch (path.first, path.dropFirst().first, path.count) {
    case (nil, _, _): return get(request) { file("window.html", request) }
    case ("healthz", _, 1): return get(request) { .reply(board.health(pages: hub.clientCount)) }
    case ("api", "visits", 2): return look(request) { .reply(board.reply()) }
    case ("api", "texts", 2): return get(request) { .reply(texts) }
    case ("api", "events", 2): return look(request) { .events(hub, isAllowed: staff.mayListen(request)) }
    case ("api", "tickets", 5) where path[4] == "reissue": return reissue(request)
    case ("api", "windows", 4) where path[3] == "look": return look(request)
    case ("api", "windows", 4) where path[3] == "contact": return contact(request)
    case ("api", let group?, 4) where WindowAction.groups.contains(group): return act(request, group)
    case (let name?, _, 1): return get(request) { file(name, request) }
    default: return .reply(notFound(request))
    }
  }

  func notFound(_ request: HTTPRequest) -> HTTPReply {
    HTTPReply(
      404, .notFound, at: request.pathText,
      accepted: "GET /, /api/visits, /api/events, /api/texts, /healthz; POST /api/tickets/{day}/{number}/reissue, "
        + "/api/windows/{number}/(look | contact), "
        + WindowAction.groups.map(WindowAction.accepted).joined(separator: ", "))
  }

  private func act(_ request: HTTPRequest, _ group: String) -> RouteResult {
    guard let action = WindowAction(group: group, verb: request.path[3]) else {
      return .reply(HTTPReply(404, .notFound, at: request.pathText, accepted: WindowAction.accepted(group: group)))
    }
    return post(request, board) { () throws(BadRequest) in
      let (post, wanted) = try action.read(subject: request.path[2], body: request.body)
      return staff.act(request, for: post) {
        let answer = await submit(post, .visit(wanted))
        if case .hold(let kiosk) = wanted, answer.mayHold { holds.began(kiosk, post, request) }
        return HTTPReply(answer)
      }
    }
  }

  /// A new slip with another code for one that is lost, or that did not come out for certain.
  private func reissue(_ request: HTTPRequest) -> RouteResult {
    post(request, board) { () throws(BadRequest) in
      let fields = try BodyFields(request.body, accepted: ["post"])
      let post = try fields.text("post")
      guard let id = TicketID(path: "\(request.path[2])/\(request.path[3])") else {
        throw BadRequest(fault: .badPath, place: request.pathText, accepted: "/api/tickets/20783/A001/reissue")
      }
      let account = staff.staff(request)
      return staff.act(request, for: post) {
        let (reply, answer) = await reissue(id, by: post, account)
        guard answer == .refused(.notThisPostsTicket) else { return reply }
        staff.denied(request, for: post)
        var refusal = reply
        refusal.status = 403
        return refusal
      }
    }
  }

  private func look(_ request: HTTPRequest) -> RouteResult {
    post(request, board) { () throws(BadRequest) in
      let post = try BodyFields(request.body, accepted: ["post"]).text("post")
      let number = try window(request)
      let staff = staff.staff(request)
      return self.staff.act(request, for: post) { await contacts.look(window: number, post: post, staff: staff) }
    }
  }

  private func contact(_ request: HTTPRequest) -> RouteResult {
    post(request, board) { () throws(BadRequest) in
      let fields = try BodyFields(request.body, accepted: ["post", "name", "phone"])
      let post = try fields.text("post")
      let number = try window(request)
      guard let contact = ContactDesk.read(name: try fields.secret("name"), phone: try fields.secret("phone")) else {
        throw BadRequest(
          fault: .badBody, place: "name, phone", accepted: "a name of 120 bytes at most; a telephone number of 5 to 20 digits")
      }
      return staff.act(request, for: post) { await contacts.give(contact, window: number, post: post) }
    }
  }

  private func window(_ request: HTTPRequest) throws(BadRequest) -> Int {
    guard let number = UInt32(digits: request.path[2]), (1...99).contains(number) else {
      throw BadRequest(fault: .badPath, place: request.pathText, accepted: "a window's number, 1 to 99")
    }
    return Int(number)
  }

  private func reissue(_ id: TicketID, by post: String, _ account: String?) async -> (HTTPReply, DeskAnswer) {
    let (code, answer) = await codes.unused { await submit(post, .visit(.reissue(id, $0, staff: account))) }
    guard answer == .done else { return (HTTPReply(answer), answer) }
    let paper = await print(PrintedTicket(id: id, code: code, ahead: nil))
    if paper == .printed { _ = await submit(post, .visit(.slip(id, .printed))) }
    let shown = paper == .printed ? nil : code
    return (.slip(id, code: shown, service: "", ahead: nil, paper: paper, qr: qr), answer)
  }
}
