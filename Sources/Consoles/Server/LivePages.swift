import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// Pages that follow a picture: a server on loopback, an event stream, and the newest picture as JSON.
final class LivePages: Sendable {
  var port: Int { server.port }

  private let server: HTTPServer
  private let gate: LoopGate
  private let hub: EventHub
  private let board: PageBoard
  private let mailbox = NIOLockedValueBox<Waiting>(Waiting())

  /// The newest picture that the event loop has not taken yet: older ones are of no use to anybody.
  private struct Waiting {
    var picture: (revision: UInt64, json: @Sendable () -> [UInt8])?
    var isScheduled = false
  }

  init(
    address: String, port: Int, limits: ServerLimits, routes: (PageBoard, EventHub) -> any Routes
  ) throws(ConsoleError) {
    let address = try LoopbackAddress(address)
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let loop = group.next()
    let gate = LoopGate(loop: loop)
    let board = PageBoard(loop: loop)
    let hub = EventHub(loop: loop, limits: limits) { board.heartbeat() }
    server = try HTTPServer(
      address: address, port: port, limits: limits, group: group, gate: gate, routes: routes(board, hub))
    self.gate = gate
    self.hub = hub
    self.board = board
  }

  /// Shows a new picture on all pages. Callable from any thread, never waits; when several come faster than they can be sent only the newest
  /// is. One with a lower revision than the last is dropped.
  ///
  /// - Parameter json: called on the server's thread.
  func publish(revision: UInt64, json: @escaping @Sendable () -> [UInt8]) {
    let mustSchedule = mailbox.withLockedValue { waiting in
      guard waiting.picture.map({ $0.revision <= revision }) ?? true else { return false }
      waiting.picture = (revision, json)
      defer { waiting.isScheduled = true }
      return !waiting.isScheduled
    }
    guard mustSchedule else { return }
    gate.execute {
      let picture = self.mailbox.withLockedValue { waiting in
        defer { waiting = Waiting() }
        return waiting.picture
      }
      guard let picture, let event = self.board.show(picture.revision, picture.json) else { return }
      self.hub.broadcast(event.view)
      if event.stationCameBack { self.hub.beat() }
    }
  }

  /// The station stopped working while this server still runs: pages are told at once, grey everything, and requests are refused until
  /// the next `publish`.
  func stationLost() {
    gate.execute {
      self.board.stationLost()
      self.hub.beat()
    }
  }

  /// Cuts all connections and ends the server's thread. To be called once, not from within a request's handler.
  func stop() { server.stop() }
}

/// What the pages are shown now. Lives on the event loop.
final class PageBoard: Sendable {
  enum Liveness: String { case starting, live, lost }

  struct Picture {
    var liveness = Liveness.starting
    var revision: UInt64 = 0
    var json: [UInt8]?
    var shownAt = NIODeadline.now()
  }

  private let state: NIOLoopBoundBox<Picture>

  init(loop: any EventLoop) { state = .makeBoxSendingValue(Picture(), eventLoop: loop) }

  var picture: Picture { state.value }

  /// The event to send, or `nil` for a picture that is older than what is shown.
  func show(_ revision: UInt64, _ encode: () -> [UInt8]) -> (view: ByteBuffer, stationCameBack: Bool)? {
    guard state.value.json == nil || revision >= state.value.revision else { return nil }
    let json = encode()
    let cameBack = state.value.liveness != .live
    state.value = Picture(liveness: .live, revision: revision, json: json, shownAt: .now())
    return (EventHub.event("view", id: revision, data: json), cameBack)
  }

  func stationLost() { state.value.liveness = .lost }

  /// `viewAge` lets a page that joins late count on from the ages in the view.
  func heartbeat() -> String {
    let picture = state.value
    return JSONText.object {
      $0.field("station", picture.liveness.rawValue)
      $0.field("revision", picture.revision)
      $0.field("viewAge", (NIODeadline.now() - picture.shownAt).nanoseconds / 1_000_000)
    }.string
  }

  /// The newest picture, or why there is none.
  func reply() -> HTTPReply {
    guard let json = picture.json else {
      return HTTPReply(503, .notReady, at: "station", accepted: "ask again in a second")
    }
    return HTTPReply(contentType: "application/json; charset=utf-8", body: json)
  }

  /// Why nothing can be done now, if nothing can.
  func refusal() -> HTTPReply? {
    switch picture.liveness {
    case .starting: HTTPReply(503, .notReady, at: "station", accepted: "ask again in a second")
    case .lost: HTTPReply(503, .stationLost, at: "station", accepted: "ask again when the station is back")
    case .live: nil
    }
  }

  func health(pages: Int) -> HTTPReply {
    HTTPReply(
      status: picture.liveness == .live ? 200 : 503,
      json: .object {
        $0.field("station", picture.liveness.rawValue)
        $0.field("revision", picture.revision)
        $0.field("pages", pages)
      })
  }
}
