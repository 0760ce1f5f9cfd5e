import DeviceVocabulary
import NIOConcurrencyHelpers
import NIOCore
import StaffAccess
import Station

/// The operator's console of the display wall, on loopback: the wall as it was read back, what can be shown, and what calls.
public final class WallPages: Sendable {
  public var port: Int { pages.port }
  /// Page files that could not be read, if any: pages say so instead.
  public let missingFiles: [String]
  private let pages: LivePages
  private let open = NIOLockedValueBox(WallOpenCards())

  /// Parameters and errors as for `DutyDesk`.
  public init(
    address: String = "127.0.0.1", port: Int, webRoot: String, limits: ServerLimits = .standard, staff: StaffDoor? = nil,
    submit: @escaping DutyDesk.Submit
  ) throws(ConsoleError) {
    let files = WebFiles(root: webRoot, names: WallRoutes.fileNames)
    missingFiles = files.missing
    pages = try LivePages(address: address, port: port, limits: limits) { board, hub in
      WallRoutes(files: files, board: board, hub: hub, staff: PageGuard(door: staff, page: .wall), submit: submit)
    }
  }

  /// The calls that the strip below the wall names; shown with the next `publish` of the wall.
  public func publish(_ view: DeskView) {
    let cards = WallOpenCards(view)
    open.withLockedValue { $0 = cards }
  }

  /// As `DutyDesk.publish`.
  public func publish(_ view: WallView) {
    let cards = open.withLockedValue { $0 }
    pages.publish(revision: view.revision) { view.json(cards).bytes }
  }

  public func stationLost() { pages.stationLost() }
  public func stop() { pages.stop() }
}

/// What is open beside the wall itself: calls on the strip, and what is handed over at a change of shift.
struct WallOpenCards: Sendable {
  var calls: [WallCallCard] = []
  var faults: [DeskView.FaultCard] = []
  var bypassed: [DeskView.CallPointCard] = []

  init() {}

  init(_ view: DeskView) {
    calls = WallCallCard.all(of: view)
    faults = view.faults.filter(\.present)
    bypassed = view.callPoints.filter { $0.bypass != nil }
  }
}

/// A call for help as the console names it: where, since when, how far it has come.
struct WallCallCard: Sendable, Equatable {
  var call: WallCall
  var place: String
  var phase: Phase
  var isDrill: Bool
  var openedMilliseconds: Int64

  /// Of this station and of those below, the older before the younger.
  static func all(of view: DeskView) -> [WallCallCard] {
    func card(_ incident: DeskView.IncidentCard, _ station: String?, _ prefix: String) -> WallCallCard {
      WallCallCard(
        call: WallCall(station: station, id: incident.id), place: prefix + incident.placeName, phase: incident.phase,
        isDrill: incident.mark != .real, openedMilliseconds: incident.pressedAtMilliseconds)
    }
    let own = view.incidents.map { card($0, nil, "") }
    let below = view.children.flatMap { child in child.incidents.map { card($0, child.station, "\(child.name) · ") } }
    return (own + below).sorted { ($0.openedMilliseconds, $0.call.id) < ($1.openedMilliseconds, $1.call.id) }
  }
}

struct WallRoutes: Routes {
  static let fileNames = [
    "wall.html", "wall.css", "wall.js", "wall-tiles.js", "wall-editor.js", "desk.css", "login.css", "login.js", "asking.js",
    "station.js", "dom.js", "dialogs.js", "events.js", "stream.js", "stream-worker.js", "words.js", "favicon.svg",
  ]

  let files: WebFiles
  let board: PageBoard
  let hub: EventHub
  let staff: PageGuard
  let submit: DutyDesk.Submit
  private let texts = HTTPReply(status: 200, json: PageWords.catalogue(PageWords.wall))

  init(files: WebFiles, board: PageBoard, hub: EventHub, staff: PageGuard, submit: @escaping DutyDesk.Submit) {
    self.files = files
    self.board = board
    self.hub = hub
    self.staff = staff
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
    case ("api", "wall", 3) where path[2] == "hand-over": return handOver(request)
    case ("api", "wall", 3): return act(request, path[2], isRehearsal: false)
    case ("api", "wall", 4) where path[2] == "rehearse": return act(request, path[3], isRehearsal: true)
    case (let name?, _, 1): return get(request) { file(name, request) }
    default: return .reply(notFound(request))
    }
  }

  private func look(_ request: HTTPRequest, _ body: () -> RouteResult) -> RouteResult {
    get(request) { staff.look(request, body) }
  }

  private func file(_ name: String, _ request: HTTPRequest) -> RouteResult { .reply(files[name] ?? notFound(request)) }

  private func notFound(_ request: HTTPRequest) -> HTTPReply {
    HTTPReply(
      404, .notFound, at: request.pathText,
      accepted: "GET /, /api/wall, /api/events, /api/texts, /healthz; POST \(WallVerb.accepted)")
  }

  /// Whoever goes is logged in; whoever comes gives his id and PIN. From then on the page is his.
  private func handOver(_ request: HTTPRequest) -> RouteResult {
    post(request, board) { () throws(BadRequest) in
      let fields = try BodyFields(request.body, accepted: ["post", "id", "pin"])
      let (post, id, pin) = (try fields.text("post"), try fields.text("id"), try fields.text("pin"))
      return staff.act(request, for: post) {
        await staff.handOver(request, to: id, pin: pin, for: post) { from, to in
          await submit(post, .wall(.handOver(from: from, to: to)))
        }
      }
    }
  }

  private func act(_ request: HTTPRequest, _ name: String, isRehearsal: Bool) -> RouteResult {
    guard let verb = WallVerb(rawValue: name) else {
      return .reply(HTTPReply(404, .notFound, at: request.pathText, accepted: WallVerb.accepted))
    }
    return post(request, board) { () throws(BadRequest) in
      let (post, code, action) = try verb.read(request.body)
      let wanted: WallAction = isRehearsal ? .rehearse(action) : action
      let needsCode = verb == .visitors && action == .visitors(false) && !isRehearsal
      return staff.act(request, for: post) {
        // Whoever is shown round may stand at an open console: only an operator ends it.
        if needsCode, let refused = await staff.refusalWithoutCode(request, code) { return refused }
        return HTTPReply(await submit(post, .wall(wanted)))
      }
    }
  }
}
