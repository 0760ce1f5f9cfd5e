import DeviceVocabulary
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Station

/// The duty desk (值班台): the page, its event stream and the JSON API, on loopback.
///
/// It shows what it is given by `publish` and hands what posts ask to `submit`; it decides nothing and keeps nothing.
public final class DutyDesk: Sendable {
  /// Hands a post's request to the station; returns after the entry that it caused is on disk, or with a refusal.
  public typealias Submit = @Sendable (_ post: String, _ action: DeskRequest.Action) async -> DeskAnswer
  /// The newest readings of a station below, `nil` when there is no such station; must not wait. No part of the view, which goes to every
  /// page after each commit: a page asks for them when somebody wants to see them.
  public typealias Readings = @Sendable (_ child: String) -> [AgedReading]?

  /// The port that is listened on: the one asked for, or the one that the system chose for 0.
  public var port: Int { server.port }

  private let server: HTTPServer
  private let gate: LoopGate
  private let hub: EventHub
  private let board: DeskBoard
  private let mailbox = NIOLockedValueBox<Waiting>(Waiting())

  /// The newest view that the event loop has not taken yet: older ones are of no use to anybody.
  private struct Waiting {
    var view: DeskView?
    var isScheduled = false
  }

  /// Listens at once. Pages show "starting" until the first view.
  ///
  /// - Parameters:
  ///   - address: 127.0.0.0/8, `::1` or `localhost`; others could be reached from elsewhere and are refused, as there is no login yet.
  ///   - port: 0 lets the system choose.
  ///   - webRoot: the folder of the page files (`Sources/Consoles/Web` or where it was installed).
  /// - Throws: `.notLoopback`, `.cannotListen`, `.webFile`.
  public init(
    address: String = "127.0.0.1", port: Int, webRoot: String, limits: ServerLimits = .standard,
    readings: @escaping Readings = { _ in nil }, submit: @escaping Submit
  ) throws(ConsoleError) {
    let address = try LoopbackAddress(address)
    let files = try WebFiles(root: webRoot, names: DeskRoutes.fileNames)
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let loop = group.next()
    let gate = LoopGate(loop: loop)
    let board = DeskBoard(loop: loop)
    let hub = EventHub(loop: loop, limits: limits) { board.heartbeat() }
    let routes = DeskRoutes(files: files, board: board, hub: hub, readings: readings, submit: submit)
    self.server = try HTTPServer(address: address, port: port, limits: limits, group: group, gate: gate, routes: routes)
    self.gate = gate
    self.hub = hub
    self.board = board
  }

  /// Shows a new picture of the station to all pages. Callable from any thread, never waits; when several come faster than they can be
  /// sent only the newest is. One with a lower revision than the last is dropped.
  public func publish(_ view: DeskView) {
    let mustSchedule = mailbox.withLockedValue { waiting in
      guard waiting.view.map({ $0.revision <= view.revision }) ?? true else { return false }
      waiting.view = view
      defer { waiting.isScheduled = true }
      return !waiting.isScheduled
    }
    guard mustSchedule else { return }
    gate.execute {
      let view = self.mailbox.withLockedValue { waiting in
        defer { waiting = Waiting() }
        return waiting.view
      }
      guard let view, let event = self.board.show(view) else { return }
      self.hub.broadcast(event.view)
      if event.stationCameBack { self.hub.beat() }
    }
  }

  /// The station stopped working while this server still runs: pages are told at once, grey everything, and requests are refused until
  /// the next `publish`.
  public func stationLost() {
    gate.execute {
      self.board.stationLost()
      self.hub.beat()
    }
  }

  /// Cuts all connections and ends the server's thread. To be called once, not from within `submit`.
  public func stop() { server.stop() }
}

/// What the pages are shown now. Lives on the event loop.
final class DeskBoard: Sendable {
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

  /// The event to send, or `nil` for a view that is older than what is shown.
  func show(_ view: DeskView) -> (view: ByteBuffer, stationCameBack: Bool)? {
    guard state.value.json == nil || view.revision >= state.value.revision else { return nil }
    let json = view.json().bytes
    let cameBack = state.value.liveness != .live
    state.value = Picture(liveness: .live, revision: view.revision, json: json, shownAt: .now())
    return (EventHub.event("view", id: view.revision, data: json), cameBack)
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
}
