import DeviceKit
import DeviceVocabulary
import Foundation
import NIOCore
import NIOPosix
import Station
import StationIdentity
import StationLinkCodec
import StationLinkDriver
import StationRuntime
import Transports

/// The child's end of the line: a thread that reads the journal and decides, and an event loop that speaks.
public final class Uplink: Sendable {
  public struct Options: Sendable {
    public var station: String
    public var name: String
    public var program: String
    public var parent: ParentPlan
    public var journalFolder: String
    /// The newest of each quantity of each device; must not wait.
    public var readings: @Sendable () -> [DeviceReading]
    public var log: @Sendable (String) -> Void
    /// Hands something to the station; false: to be told again.
    public var tell: @Sendable (StationInput) -> Bool
    /// The keys of what is sealed here; `nil`: there are none, and the parent is told nothing.
    public var keys: KeySource?
    /// Everything up to there is on the parent's disk; with the parent's wall clock, milliseconds since 1970. Must not wait.
    public var parentHas: @Sendable (JournalHead, Int64) -> Void

    public init(
      station: String, name: String, program: String, parent: ParentPlan, journalFolder: String,
      readings: @escaping @Sendable () -> [DeviceReading],
      log: @escaping @Sendable (String) -> Void, tell: @escaping @Sendable (StationInput) -> Bool,
      parentHas: @escaping @Sendable (JournalHead, Int64) -> Void = { _, _ in }
    ) {
      self.station = station
      self.name = name
      self.program = program
      self.parent = parent
      self.journalFolder = journalFolder
      self.readings = readings
      self.log = log
      self.tell = tell
      self.parentHas = parentHas
    }
  }

  private let wakeSignal: WakeSignal
  private let stopFlag = StopFlag()
  private let group: MultiThreadedEventLoopGroup
  private let thread: DispatchGroup

  /// Starts at once.
  public init(_ options: Options, tls: LinkTLS) throws {
    let wake = try WakeSignal()
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let mailbox = BoundedMailbox<LinkSender.Input>(capacity: 0, reserve: 1024, wake: wake)
    wakeSignal = wake
    self.group = group
    let stop = stopFlag
    thread = startThread("uplink") {
      UplinkLoop(options, LinkLanes(options, tls, loop: group.next(), mailbox), mailbox, wake).run(
        until: stop)
    }
  }

  /// The station has committed something. Callable from any thread, never waits.
  public func wake() { wakeSignal.raise() }

  public func stop() {
    stopFlag.raise()
    wakeSignal.raise()
    _ = thread.wait(timeout: .now() + 3)
    try? group.syncShutdownGracefully()
  }
}

/// The connections of all paths: one for each lane, opened when it is first used, and one on which commands come.
final class LinkLanes: Sendable {
  private let loop: any EventLoop
  private let state: NIOLoopBoundBox<State>
  private let mailbox: BoundedMailbox<LinkSender.Input>
  private let tell: @Sendable (StationInput) -> Bool

  private struct State {
    /// By path, then by lane.
    var lanes: [[LaneConnection]] = []
    var streams: [CommandStream] = []
    var targets: [LinkTarget] = []
    var upkeep: IdentityUpkeep
    var keys: KeyUpkeep?
    /// What the station was last told of the parent's clock, milliseconds ahead.
    var clockTold: Int64?
  }

  init(
    _ options: Uplink.Options, _ tls: LinkTLS, loop: any EventLoop, _ mailbox: BoundedMailbox<LinkSender.Input>
  ) {
    let tell = options.tell
    let plan = options.parent
    self.tell = tell
    self.loop = loop
    self.mailbox = mailbox
    state = .makeBoxSendingValue(State(upkeep: IdentityUpkeep(tls: tls, loop: loop, log: options.log)), eventLoop: loop)
    let state = state
    loop.execute {
      state.value.keys = options.keys.map { KeyUpkeep($0, tls: tls, loop: loop, log: options.log) }
      for path in plan.paths {
        let target = LinkTarget(name: path.name, host: path.host, port: path.port)
        state.value.targets.append(target)
        state.value.lanes.append(LinkSender.Lane.allCases.map { _ in LaneConnection(target: target, tls: tls, loop: loop) })
        state.value.streams.append(
          CommandStream(target: target, tls: tls, loop: loop) { command in
            // A mailbox that is full: the parent sends it again at the next connect, until it is answered.
            _ = tell(.command(command.command, remainingMilliseconds: command.remainingMilliseconds))
          })
      }
    }
  }

  func post(_ number: UInt32, path: Int, lane: LinkSender.Lane, _ request: LinkRequest, nonce: UInt64) {
    loop.execute {
      let connection = self.state.value.lanes[path][lane.place]
      connection.post(request) { [weak connection] reply in
        if case .answered(200, let body) = reply, [LinkProtocol.hello, LinkProtocol.pulse].contains(request.path) {
          self.state.value.upkeep.heard(body, on: self.state.value.targets[path])
          self.state.value.keys?.heard(on: self.state.value.targets[path], isGreeting: request.path == LinkProtocol.hello)
          self.compareClocks(body)
        }
        let bytes = connection?.requestBytes ?? 0
        _ = self.mailbox.send(LinkAnswers.input(number, request.path, reply, nonce: nonce, bytes: bytes), .irreplaceable)
      }
    }
  }

  private struct ParentTime: Decodable { var nowMilliseconds: Int64 }

  /// Told when it changes by more than the way of an answer does.
  private func compareClocks(_ body: [UInt8]) {
    guard let parent = (try? JSONDecoder().decode(ParentTime.self, from: Data(body)))?.nowMilliseconds else { return }
    let ahead = parent.subtractingReportingOverflow(WallTime.now().microsecondsSince1970 / 1000)
    guard !ahead.overflow else { return }
    let change = state.value.clockTold.map { ahead.partialValue.subtractingReportingOverflow($0) }
    if let change, !change.overflow, change.partialValue.magnitude < 20_000 { return }
    if tell(.parentClock(aheadMilliseconds: ahead.partialValue)) { state.value.clockTold = ahead.partialValue }
  }

  func drop(path: Int) {
    loop.execute { for lane in self.state.value.lanes[path] { lane.drop() } }
  }

  func listen(path: Int, _ wanted: Bool) {
    loop.execute { self.state.value.streams[path].want(wanted) }
  }
}

extension LinkSender.Lane {
  fileprivate var place: Int {
    switch self {
    case .calls: 0
    case .backlog: 1
    case .pulse: 2
    case .readings: 3
    }
  }
}

/// What the parent's answers mean to the sender.
enum LinkAnswers {
  /// They are shown on the desk and written into the journal: a few lines of them.
  private static func words(of problem: LinkProblem) -> String {
    let text = "\(problem.title) (\(problem.where): \(problem.accepted))"
    return text.utf8.count <= 1000 ? text : String(decoding: text.utf8.prefix(1000), as: UTF8.self)
  }

  static func input(_ number: UInt32, _ path: String, _ reply: LinkReply, nonce: UInt64, bytes: Int) -> LinkSender.Input {
    switch reply {
    case .failed(let failure): return .failed(request: number, failure)
    case .answered(200, let body):
      let wall = WallTime.now().microsecondsSince1970 / 1000
      let decoder = JSONDecoder()
      let data = Data(body)
      switch path {
      case LinkProtocol.hello:
        if let welcome = try? decoder.decode(LinkWelcome.self, from: data) {
          return .welcomed(request: number, welcome, wallMilliseconds: wall)
        }
      case LinkProtocol.events:
        if let receipt = try? decoder.decode(LinkReceipt.self, from: data) {
          return .received(request: number, receipt, wallMilliseconds: wall, bytes: bytes)
        }
      case LinkProtocol.readings:
        if let answer = try? decoder.decode(LinkReadingsAnswer.self, from: data) {
          return .taken(request: number, held: answer.held)
        }
      default:
        if let answer = try? decoder.decode(LinkPulseAnswer.self, from: data) {
          return .pulsed(request: number, nonce: answer.nonce, wallMilliseconds: wall)
        }
      }
      return .failed(request: number, .refused(.malformed, "上级的答复读不懂 / the parent's answer cannot be read"))
    case .answered(let status, let body):
      guard let problem = try? JSONDecoder().decode(LinkProblem.self, from: Data(body)) else {
        return .failed(request: number, .refused(.malformed, "上级答复 / the parent answers: HTTP \(status)"))
      }
      return .failed(request: number, .refused(problem.code, Self.words(of: problem)))
    }
  }
}
