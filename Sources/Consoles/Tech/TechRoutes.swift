import DeviceVocabulary
import Station

/// The technician's page, on the duty desk's server: `/tech`, and under `/api/tech` the same addresses as other pages of the staff have under
/// `/api`, with rights of their own.
///
/// A page asks for the devices every few seconds: what the wires count changes all the time and is no part of a view that goes to every page
/// after each commit.
struct TechRoutes: Routes {
  static let fileNames = [
    "tech.html", "tech.css", "tech.js", "desk.css", "login.css", "login.js", "asking.js", "dom.js", "words.js", "favicon.svg",
  ]
  static let accepted = "GET /tech, /api/tech/devices, /api/tech/texts; POST /api/tech/faults/{key}/retest"

  let devices: TechBoard
  let page: WebFiles
  let board: PageBoard
  let staff: PageGuard
  let submit: DutyDesk.Submit
  private let texts = HTTPReply(status: 200, json: PageWords.catalogue(PageWords.tech))

  init(devices: TechBoard, page: WebFiles, board: PageBoard, staff: PageGuard, submit: @escaping DutyDesk.Submit) {
    self.devices = devices
    self.page = page
    self.board = board
    self.staff = staff
    self.submit = submit
  }

  /// Whether an address is one of this page.
  static func has(_ request: HTTPRequest) -> Bool { request.path == ["tech"] || request.path.starts(with: ["api", "tech"]) }

  func route(_ request: HTTPRequest) -> RouteResult {
    // One logs in here as elsewhere; who may look and act is this page's matter.
    var there = request
    there.path = ["api"] + request.path.dropFirst(2)
    if let login = staff.route(there) { return login }
    switch (request.path.dropFirst(2).first, request.path.count) {
    case (nil, 1): return get(request) { .reply(page["tech.html"] ?? notFound(request)) }
    case ("texts", 3): return get(request) { .reply(texts) }
    case ("devices", 3): return get(request) { staff.watch(request, told) }
    case ("faults", 5...): return retest(request)
    default: return .reply(notFound(request))
    }
  }

  private func notFound(_ request: HTTPRequest) -> HTTPReply {
    HTTPReply(404, .notFound, at: request.pathText, accepted: Self.accepted)
  }

  /// Nothing while the station is not there: what it said last is on the page, with its time.
  private func told() -> RouteResult {
    if let refusal = board.refusal() { return .reply(refusal) }
    let devices = devices
    return .later {
      devices.view().map { HTTPReply(status: 200, json: $0.json()) }
        ?? HTTPReply(503, .notReady, at: "station", accepted: "ask again in a second")
    }
  }

  private func retest(_ request: HTTPRequest) -> RouteResult {
    guard request.path.last == DeskAction.retest.rawValue else { return .reply(notFound(request)) }
    return post(request, board) { () throws(BadRequest) in
      let (post, action) = try DeskAction.retest.read(subject: request.path[3..<(request.path.count - 1)], body: request.body)
      return staff.act(request, for: post) { HTTPReply(await submit(post, action)) }
    }
  }
}
