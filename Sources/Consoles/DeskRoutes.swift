import DeviceVocabulary
import Station

/// The addresses of the duty desk: which there are, what each takes, what each answers.
struct DeskRoutes: StaffRoutes {
  static let fileNames = [
    "desk.html", "desk.css", "desk.js", "actions.js", "asking.js", "cards.js", "children.css", "children.js", "dialogs.js",
    "dom.js",
    "events.js", "handovers.js", "lists.js", "login.css", "login.js", "map.js", "readings.css", "readings.js", "sound.js",
    "stream.js", "stream-worker.js",
    "uplink.js", "waiting.js", "who.js",
    "words.js", "favicon.svg", "lamp.css", "lamp.js",
  ]

  let files: WebFiles
  let board: PageBoard
  let hub: EventHub
  let readings: DutyDesk.Readings
  let submit: DutyDesk.Submit
  let staff: PageGuard
  let tech: TechRoutes
  private let texts = HTTPReply(status: 200, json: PageWords.catalogue(PageWords.desk))

  init(
    files: WebFiles, board: PageBoard, hub: EventHub, staff: PageGuard, readings: @escaping DutyDesk.Readings,
    submit: @escaping DutyDesk.Submit, tech: TechRoutes
  ) {
    self.files = files
    self.board = board
    self.hub = hub
    self.staff = staff
    self.readings = readings
    self.submit = submit
    self.tech = tech
  }

  func route(_ request: HTTPRequest) -> RouteResult {
    if TechRoutes.has(request) { return tech.route(request) }
    if let login = staff.route(request) { return login }
    switch (request.path.first, request.path.dropFirst().first) {
    case (nil, _): return get(request) { file("desk.html", request) }
    case ("healthz", nil): return get(request) { .reply(board.health(pages: hub.clientCount)) }
    case ("api", "desk") where request.path.count == 2: return look(request) { .reply(board.reply()) }
    case ("api", "texts") where request.path.count == 2: return get(request) { .reply(texts) }
    case ("api", "events") where request.path.count == 2:
      return look(request) { .events(hub, isAllowed: staff.mayListen(request)) }
    case ("api", "incidents"), ("api", "call-points"), ("api", "faults"): return act(request)
    case ("api", "children") where request.path.count == 4 && request.path[3] == "readings":
      return look(request) { .reply(readingsBelow(request)) }
    case ("api", "children"): return act(request)
    case (let name?, nil): return get(request) { file(name, request) }
    default: return .reply(notFound(request))
    }
  }

  // MARK: - Reading

  func notFound(_ request: HTTPRequest) -> HTTPReply {
    HTTPReply(
      404, .notFound, at: request.pathText,
      accepted:
        "GET /, /api/desk, /api/events, /api/texts, /api/children/{station}/readings, /healthz; POST /api/incidents/{id}/{action}, "
        + "/api/call-points/{bus}/{node}/{button}/{action}, /api/faults/{key}/{action}, \(ChildAction.accepted); "
        + TechRoutes.accepted)
  }

  // MARK: - Acting

  private func act(_ request: HTTPRequest) -> RouteResult {
    guard let read = reader(request.path) else {
      let accepted = request.path[1] == "children" ? ChildAction.accepted : DeskAction.accepted(group: request.path[1])
      return .reply(HTTPReply(404, .notFound, at: request.pathText, accepted: accepted))
    }
    let submit = submit
    return post(request, board) { () throws(BadRequest) in
      let (post, action) = try read(request.body)
      return staff.act(request, for: post) { HTTPReply(await submit(post, action)) }
    }
  }

  private typealias Reader = (SecretBuffer?) throws(BadRequest) -> (post: String, DeskRequest.Action)

  /// What reads the body of a request to this address.
  private func reader(_ path: [String]) -> Reader? {
    guard let verb = path.last, path.count >= 4 else { return nil }
    if path[1] == "children" {
      guard let action = ChildAction(path: path[2...]) else { return nil }
      return { (body: SecretBuffer?) throws(BadRequest) in try action.read(body) }
    }
    guard let action = DeskAction(group: path[1], verb: verb) else { return nil }
    let subject = path[2..<(path.count - 1)]
    return { (body: SecretBuffer?) throws(BadRequest) in try action.read(subject: subject, body: body) }
  }
}
