import DeviceVocabulary
import StaffAccess
import Station

struct WallRoutes: StaffRoutes {
  static let fileNames = [
    "wall.html", "wall.css", "wall.js", "wall-tiles.js", "wall-region.js", "wall-source.js", "wall-scenes.js", "wall-shift.js",
    "wall-calls.js", "wall-editor.js",
    "sound.js", "desk.css", "login.css", "login.js", "asking.js",
    "station.js", "dom.js", "dialogs.js", "events.js", "stream.js", "stream-worker.js", "words.js", "favicon.svg",
  ]

  let files: WebFiles
  let board: PageBoard
  let hub: EventHub
  let staff: PageGuard
  let presets: WallPages.Presets
  /// `nil`: the station has not shown its wall yet.
  let view: @Sendable () -> WallView?
  let submit: DutyDesk.Submit
  private let texts = HTTPReply(status: 200, json: PageWords.catalogue(PageWords.wall))

  init(
    files: WebFiles, board: PageBoard, hub: EventHub, staff: PageGuard, presets: @escaping WallPages.Presets,
    view: @escaping @Sendable () -> WallView?, submit: @escaping DutyDesk.Submit
  ) {
    self.files = files
    self.board = board
    self.hub = hub
    self.staff = staff
    self.presets = presets
    self.view = view
    self.submit = submit
  }

  func route(_ request: HTTPRequest) -> RouteResult {
    if let login = staff.route(request) { return login }
    let path = request.path
    switch (path.first, path.dropFirst().first, path.count) {
    case (nil, _, _): return get(request) { file("wall.html", request) }
    case ("healthz", _, 1): return get(request) { .reply(board.health(pages: hub.clientCount)) }
    case ("api", "wall", 2): return look(request) { .reply(board.reply()) }
    case ("api", "texts", 2): return get(request) { .reply(texts) }
    case ("api", "events", 2): return look(request) { .events(hub, isAllowed: staff.mayListen(request)) }
    case ("api", "wall", 4) where path[2] == "presets": return look(request) { .reply(presets(of: path[3])) }
    case ("api", "wall", 3) where path[2] == "hand-over": return handOver(request)
    case ("api", "wall", 3): return act(request, path[2], isRehearsal: false)
    case ("api", "wall", 4) where path[2] == "rehearse": return act(request, path[3], isRehearsal: true)
    case ("api", "incidents", 4), ("api", "children", 6), ("api", "faults", 4...): return actAsAtTheDesk(request)
    case (let name?, _, 1): return get(request) { file(name, request) }
    default: return .reply(notFound(request))
    }
  }

  func notFound(_ request: HTTPRequest) -> HTTPReply {
    HTTPReply(
      404, .notFound, at: request.pathText,
      accepted:
        "GET /, /api/wall, /api/wall/presets/{source}, /api/events, /api/texts, /healthz; POST \(WallVerb.accepted), \(Self.deskActions)"
    )
  }

  private func presets(of source: String) -> HTTPReply {
    HTTPReply(status: 200, json: .object { $0.field("presets", presets(source)) })
  }

  private static let deskActions =
    "/api/incidents/{id}/acknowledge, /api/children/{station}/incidents/{id}/acknowledge, /api/faults/{key}/retest"

  /// The few things of the duty desk that belong here too, at the desk's own addresses: to answer a call that rings, and to try again what a
  /// card of the wall is about. Whoever acts on this page may act on the desk as well.
  private func actAsAtTheDesk(_ request: HTTPRequest) -> RouteResult {
    let path = request.path
    let subject = path[2..<(path.count - 1)]
    switch (path[1], path[path.count - 1]) {
    case ("incidents", "acknowledge"):
      return post(request, board) { () throws(BadRequest) in
        let (post, action) = try DeskAction.acknowledge.read(subject: subject, body: request.body)
        return staff.act(request, for: post) { HTTPReply(await submit(post, action)) }
      }
    case ("children", "acknowledge"):
      guard let child = ChildAction(path: path[2...]) else { return .reply(notFound(request)) }
      return post(request, board) { () throws(BadRequest) in
        let (post, action) = try child.read(request.body)
        return staff.act(request, for: post) { HTTPReply(await submit(post, action)) }
      }
    case ("faults", "retest"):
      return post(request, board) { () throws(BadRequest) in
        let (post, action) = try DeskAction.retest.read(subject: subject, body: request.body)
        guard case .retest(let key) = action, key.isOfTheWall else {
          throw BadRequest(
            fault: .badPath, place: request.pathText, accepted: "a card of the wall, for instance output 4:outputNotSwitched")
        }
        return staff.act(request, for: post) { HTTPReply(await submit(post, action)) }
      }
    default: return .reply(notFound(request))
    }
  }

  /// Whoever goes is logged in; whoever comes gives his id and PIN. From then on the page is his. Where there are no accounts both are named
  /// by hand, and the journal says so. Either way `list` says what was shown as open, as the picture names it.
  private func handOver(_ request: HTTPRequest) -> RouteResult {
    guard staff.isGuarded else { return handOverByNames(request) }
    return post(request, board) { () throws(BadRequest) in
      let fields = try BodyFields(request.body, accepted: ["post", "id", "pin", "list"])
      let (post, id, pin) = (try fields.text("post"), try fields.text("id"), try fields.text("pin"))
      let list = try fields.text("list")
      return staff.act(request, for: post) {
        await staff.handOver(request, to: id, pin: pin, for: post) { from, to in
          await submit(post, .wall(.handOver(from: from, to: to, list: list)))
        }
      }
    }
  }

  private func handOverByNames(_ request: HTTPRequest) -> RouteResult {
    post(request, board) { () throws(BadRequest) in
      let fields = try BodyFields(request.body, accepted: ["post", "from", "to", "list"])
      let (post, from, to) = (try fields.text("post"), try fields.text("from"), try fields.text("to"))
      let list = try fields.text("list")
      return staff.act(request, for: post) {
        HTTPReply(await submit(post, .wall(.handOver(from: from, to: to, isTyped: true, list: list))))
      }
    }
  }

  private func act(_ request: HTTPRequest, _ name: String, isRehearsal: Bool) -> RouteResult {
    guard let verb = WallVerb(rawValue: name) else {
      return .reply(HTTPReply(404, .notFound, at: request.pathText, accepted: WallVerb.accepted))
    }
    return post(request, board) { () throws(BadRequest) in
      let (post, proof, action) = try verb.read(request.body)
      let wanted: WallAction = isRehearsal ? .rehearse(action) : action
      return staff.act(request, for: post) {
        if wanted.needsProof, let refused = staff.refusalUnconfirmed(proof.isConfirmed) { return refused }
        if wanted.needsProof, let refused = await staff.refusalWithoutCode(request, proof.code) { return refused }
        let answer = await submit(post, .wall(wanted))
        return HTTPReply(answer, because: view().flatMap { action.mistake(answer, $0) })
      }
    }
  }
}
