import NIOConcurrencyHelpers
import NIOCore
import Station

/// The pages in the hall: terminals, the display over the windows, the notice board, and what is kept here. On loopback, on a port of their
/// own: nothing that a clerk may see can be reached from them.
public final class HallPages: Sendable {
  public typealias Submit = DutyDesk.Submit

  public var port: Int { pages.port }
  /// Page files that could not be read, if any: pages say so instead.
  public let missingFiles: [String]
  private let pages: LivePages
  private let pulses = KioskPulses()
  private let spoken: SpokenDesk

  /// - Parameters:
  ///   - codes: of slips.
  ///   - qr: the dark modules of a QR code; `nil` when the system cannot make one.
  ///   - voice: of this machine, for browsers that have none.
  /// - Throws: `.notLoopback`, `.cannotListen`. Missing page files are no reason: `missingFiles`.
  public init(
    address: String = "127.0.0.1", port: Int, webRoot: String, limits: ServerLimits = .standard, codes: SlipCodes,
    qr: @escaping @Sendable (String) -> [[Bool]]?, print: @escaping PrintSlip = { _ in .shown }, cards: CardDesk = .none,
    voice: StationVoice? = nil, submit: @escaping Submit
  ) throws(ConsoleError) {
    let files = WebFiles(root: webRoot, names: HallRoutes.fileNames)
    missingFiles = files.missing
    let pulses = pulses
    let spoken = SpokenDesk(voice)
    self.spoken = spoken
    pages = try LivePages(address: address, port: port, limits: limits) { board, hub in
      HallRoutes(
        files: files, board: board, hub: hub,
        desk: KioskDesk(codes: codes, qr: qr, submit: submit, print: print, cards: cards), pulses: pulses,
        spoken: spoken)
    }
  }

  /// As `DutyDesk.publish`.
  public func publish(_ view: VisitView) {
    spoken.note(view)
    pulses.know(view.plan.kiosks.map(\.id))
    pages.publish(revision: view.revision) { view.json(for: .hall).bytes }
  }
  public func stationLost() { pages.stationLost() }

  /// Whether a terminal's page, the one that is watched if one is, has said within the last 10 s that it works; `nil`: it never has.
  public func isAlive(_ kiosk: String) -> Bool? { pulses.standing(kiosk).map { $0 < 10_000 } }

  public func stop() { pages.stop() }
}

struct HallRoutes: Routes {
  static let fileNames = [
    "kiosk.html", "kiosk.css", "kiosk.js", "kiosk-session.js", "kiosk-keys.js", "kiosk-view.js", "kiosk-screens.js",
    "kiosk-help.js",
    "kiosk-ticket.js", "kiosk-card.js", "kiosk-seen.js",
    "kiosk-status.js", "kiosk-leaving.js", "kiosk-hold.js", "hall.html", "hall.css", "hall.js", "notice.html", "notice.css",
    "notice.js",
    "notice-scroll.js",
    "kept.html",
    "kept.js", "kept-table.js", "index-hall.html", "index-hall.js", "page.js", "pictures.js", "station.js", "speech.js",
    "spoken.js", "dom.js",
    "events.js",
    "stream.js", "stream-worker.js", "words.js", "favicon.svg",
  ]

  let files: WebFiles
  let board: PageBoard
  let hub: EventHub
  let desk: KioskDesk
  let pulses: KioskPulses
  let spoken: SpokenDesk
  private let texts = HTTPReply(status: 200, json: PageWords.catalogue(PageWords.hall))

  init(files: WebFiles, board: PageBoard, hub: EventHub, desk: KioskDesk, pulses: KioskPulses, spoken: SpokenDesk) {
    self.files = files
    self.board = board
    self.hub = hub
    self.desk = desk
    self.pulses = pulses
    self.spoken = spoken
  }

  func route(_ request: HTTPRequest) -> RouteResult {
    let path = request.path
    switch (path.first, path.dropFirst().first, path.count) {
    case (nil, _, _): return get(request) { file("index-hall.html", request) }
    case ("kiosk", let id?, 2) where !id.isEmpty: return get(request) { file("kiosk.html", request) }
    case ("hall", _, 1), ("notice", _, 1), ("kept", _, 1): return get(request) { file(path[0] + ".html", request) }
    case ("healthz", _, 1): return get(request) { .reply(board.health(pages: hub.clientCount)) }
    case ("api", "visits", 2): return get(request) { .reply(board.reply()) }
    case ("api", "texts", 2): return get(request) { .reply(texts) }
    case ("api", "events", 2): return get(request) { .events(hub) }
    case ("api", "kiosk", 4...5) where path[3] == "alive": return .reply(heartbeat(request))
    case ("api", "kiosk", 4) where path[3] == "speak":
      return post(request, board) { () throws(BadRequest) in try spoken.say(request, path[2]) }
    case ("api", "kiosk", 4) where path[3] == "hush": return post(request, board) { spoken.hush() }
    case ("api", "hall", 3) where path[2] == "speak":
      return post(request, board) { () throws(BadRequest) in try spoken.say(request, nil) }
    case ("api", "voice", 2): return get(request) { .reply(spoken.presence()) }
    case ("api", "kiosk", 4): return act(request)
    case (let name?, _, 1): return get(request) { file(name, request) }
    default: return .reply(notFound(request))
    }
  }

  private func file(_ name: String, _ request: HTTPRequest) -> RouteResult {
    var reply = files[name] ?? notFound(request)
    reply.isSandboxed = name.hasSuffix(".html")
    return .reply(reply)
  }

  private func notFound(_ request: HTTPRequest) -> HTTPReply {
    HTTPReply(
      404, .notFound, at: request.pathText,
      accepted:
        "GET /kiosk/{terminal}, /hall, /notice, /kept, /api/visits, /api/events, /api/texts, /api/voice, /healthz; POST \(KioskRequest.accepted)"
    )
  }

  /// A page says that it is alive; whoever watches over it asks how long ago that was, of his own page by its mark.
  private func heartbeat(_ request: HTTPRequest) -> HTTPReply {
    let kiosk = request.path[2]
    let mark = request.path.count == 5 ? request.path[4] : nil
    if let mark, !KioskPulses.isMark(mark) {
      return HTTPReply(400, .badPath, at: request.pathText, accepted: "/api/kiosk/{terminal}/alive[/{1 to 32 of a-z, 0-9}]")
    }
    guard let known = pulses.known else {
      return HTTPReply(503, .notReady, at: "station", accepted: "ask again in a second")
    }
    guard known.contains(kiosk) else {
      return HTTPReply(
        404, .notFound, at: request.pathText, accepted: "a terminal of the site file: \(known.joined(separator: " | "))")
    }
    if request.method == .post {
      pulses.note(kiosk, mark: mark ?? "")
      return HTTPReply(status: 200, json: .object { $0.field("answer", "done") })
    }
    if let mark { pulses.watch(kiosk, mark: mark) }
    let age = mark.map { pulses.age(kiosk, mark: $0) } ?? pulses.age(kiosk)
    return HTTPReply(status: 200, json: .object { $0.field("aliveMillisecondsAgo", optional: age) })
  }

  private func act(_ request: HTTPRequest) -> RouteResult {
    guard let wanted = KioskRequest(rawValue: request.path[3]) else {
      return .reply(HTTPReply(404, .notFound, at: request.pathText, accepted: KioskRequest.accepted))
    }
    return post(request, board) { () throws(BadRequest) in
      let fields = try BodyFields(request.body, accepted: wanted.fields, optional: wanted.optional)
      return .later(try desk.work(wanted, request.path[2], fields))
    }
  }
}
