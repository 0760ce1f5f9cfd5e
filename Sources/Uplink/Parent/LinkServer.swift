import DeviceVocabulary
import Foundation
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOHTTPCompression
import NIOPosix
import Station
import StationIdentity
import StationLinkCodec
import Transports

/// What the parent's end of the line does with what children send. Called from event loops and tasks; nothing here may wait.
public struct LinkParent: Sendable {
  /// This station, as it greets its children.
  public var station: String
  public var name: String
  /// Takes entries of a child; answers what is on disk, `nil` when the disk does not take them now.
  public var receive: @Sendable (_ child: String, [Received]) async -> LinkReceipt?
  /// What is on disk of a child.
  public var greet: @Sendable (_ child: String, _ oldest: JournalHead?) async -> LinkReceipt?
  /// Never in the journal, so the station has no part in them.
  public var readings: ChildReadings
  /// Puts a stretch of a child's keys in the place of what was there, and says how many it has now; `nil` when the disk does not take it.
  public var keys: @Sendable (_ child: String, LinkKeys) async -> Int? = { _, _ in nil }
  public var tell: @Sendable (StationInput) -> Bool
  /// Stations that may report here; `nil`: any with a certificate of this authority.
  public var isKnown: @Sendable (_ child: String) -> Bool
  /// The next certificate of a child that asks for one, in PEM. The name is the verified one; whatever the request says is not used.
  public var renew: @Sendable (_ child: StationName, _ request: String, _ now: Date) async throws -> String
  public var log: @Sendable (String) -> Void

  public init(
    station: String, name: String, receive: @escaping @Sendable (_ child: String, [Received]) async -> LinkReceipt?,
    greet: @escaping @Sendable (_ child: String, _ oldest: JournalHead?) async -> LinkReceipt?, readings: ChildReadings,
    tell: @escaping @Sendable (StationInput) -> Bool,
    isKnown: @escaping @Sendable (_ child: String) -> Bool,
    renew: @escaping @Sendable (_ child: StationName, _ request: String, _ now: Date) async throws -> String,
    log: @escaping @Sendable (String) -> Void
  ) {
    self.station = station
    self.name = name
    self.receive = receive
    self.greet = greet
    self.readings = readings
    self.tell = tell
    self.isKnown = isKnown
    self.renew = renew
    self.log = log
  }
}

/// What the server takes at most. Everything has a limit.
public struct LinkLimits: Sendable {
  /// Sockets of verified children at once; each child needs five on each of its paths, and now and then one for its identity. What would be
  /// more is refused.
  public var connections = 4000
  /// Of one child at once: its oldest makes room, as that is one whose end was lost on the way.
  public var connectionsOfOne = 32
  /// Of those whose handshake has not ended: the oldest makes room. Thousands that say nothing keep no child out, which is done within
  /// a moment.
  public var strangers = 500
  /// A request must have come completely within this time: 4 MiB at 2 Mbit/s take 17 s.
  public var requestTime = TimeAmount.seconds(30)
  /// A kept connection on which nothing happens is closed.
  public var idleTime = TimeAmount.seconds(120)
  public var headerBytes = 8 * 1024
  /// What all bodies together may hold, above the first 64 KiB of each: a step of a call always finds room.
  public var bodyBytesAtOnce = 96 << 20
  /// The comment that keeps a command stream alive.
  public var streamBeat = TimeAmount.seconds(5)

  public init() {}

  static func counted(_ bytes: Int) -> Int { max(0, bytes - LinkProtocol.smallBodyBytes) }
}

/// The parent's end of the line: HTTPS with mutual TLS 1.3. Two event loops; whatever children do, the station is on its own thread.
public final class LinkServer: Sendable {
  public let port: Int
  private let group: MultiThreadedEventLoopGroup
  private let listener: any Channel
  private let core: LinkCore

  /// - Throws: `LinkServerError` when it cannot listen.
  public init(address: String, port: Int, tls: LinkTLS, parent: LinkParent, limits: LinkLimits = LinkLimits()) throws {
    group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    var bounded = limits
    bounded.connections = min(limits.connections, OpenFiles.allow(limits.connections + limits.strangers) - limits.strangers)
    let core = LinkCore(parent: parent, limits: bounded, tls: tls)
    self.core = core
    do {
      listener = try ServerBootstrap(group: group)
        .serverChannelOption(.backlog, value: 512)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
        .childChannelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            // Before a byte of TLS.
            core.arrived(channel)
            try tls.addServerHandlers(to: channel) { refusal, from in
              core.noteRefusal("\(refusal)", group: refusal.group, from: from?.description ?? "?")
            }
            var decoderLimits = NIOHTTPDecoderLimitConfiguration()
            decoderLimits.maxHeaderListSize = limits.headerBytes
            decoderLimits.maxHeaderFieldSize = limits.headerBytes
            let decoder = HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: decoderLimits)
            try channel.pipeline.syncOperations.addHandlers([
              HTTPResponseEncoder(), ByteToMessageHandler(decoder),
              NIOHTTPRequestDecompressor(limit: .size(LinkProtocol.bodyBytes)), LinkConnection(core: core),
            ])
          }
        }
        .bind(host: address, port: port).wait()
      self.port = listener.localAddress?.port ?? port
    } catch {
      group.shutdownGracefully { _ in }
      throw LinkServerError.cannotListen(address: address, port: port, reason: ListenFailure.words(error))
    }
    core.startPulses(on: group.next())
  }

  /// A command for a child is on disk, or it asked for those that it has not answered.
  public func send(_ command: ParentCommand, to child: String) { core.streams.send(command, to: child) }

  public func stop() {
    core.stop()
    try? group.syncShutdownGracefully()
  }
}

public enum LinkServerError: Error, CustomStringConvertible {
  case cannotListen(address: String, port: Int, reason: String)

  public var description: String {
    switch self {
    case .cannotListen(let address, let port, let reason):
      "不能在 \(address):\(port) 接入下级站点 / cannot listen for stations below on \(address):\(port): \(reason)"
    }
  }
}

/// What the connections of one server share.
final class LinkCore: Sendable {
  let parent: LinkParent
  let limits: LinkLimits
  let tls: LinkTLS
  let streams = CommandStreams()
  let gate = BatchGate()
  private let state = NIOLockedValueBox(State())

  private struct State {
    /// Verified ones.
    var open = 0
    /// Oldest first.
    var openOf: [String: [(key: ObjectIdentifier, channel: any Channel)]] = [:]
    /// Oldest first.
    var strangers: [(key: ObjectIdentifier, channel: any Channel)] = []
    /// Heartbeats since the last telling, the newest of each child and path.
    var pulses: [String: ChildPulse] = [:]
    var pathNames: [String: Set<String>] = [:]
    var refusals: [String: Int] = [:]
    /// What each child showed when it last connected, and whether the station was told that it ends soon; `nil`: it was told nothing.
    var certificates: [String: (shown: PeerIdentity, isEnding: Bool?)] = [:]
    var tasks: [RepeatedTask] = []
    var bodyBytes = 0
  }

  init(parent: LinkParent, limits: LinkLimits, tls: LinkTLS) {
    self.parent = parent
    self.limits = limits
    self.tls = tls
  }

  /// Somebody connected; who it is will be known when the handshake has ended.
  func arrived(_ channel: any Channel) {
    let key = ObjectIdentifier(channel as AnyObject)
    let oldest: (any Channel)? = state.withLockedValue { state in
      state.strangers.append((key, channel))
      guard state.strangers.count > limits.strangers else { return nil }
      return state.strangers.removeFirst().channel
    }
    oldest?.close(promise: nil)
    channel.closeFuture.whenComplete { _ in self.state.withLockedValue { $0.strangers.removeAll { $0.key == key } } }
  }

  /// Its handshake has ended. False: there are as many connections as there may be.
  func admit(_ child: String, _ channel: any Channel) -> Bool {
    let key = ObjectIdentifier(channel as AnyObject)
    let (isAdmitted, oldest): (Bool, (any Channel)?) = state.withLockedValue { state in
      state.strangers.removeAll { $0.key == key }
      guard state.open < limits.connections else { return (false, nil) }
      state.open += 1
      state.openOf[child, default: []].append((key, channel))
      guard state.openOf[child, default: []].count > limits.connectionsOfOne else { return (true, nil) }
      return (true, state.openOf[child]?.removeFirst().channel)
    }
    oldest?.close(promise: nil)
    if isAdmitted {
      channel.closeFuture.whenComplete { _ in
        self.state.withLockedValue { state in
          state.open -= 1
          state.openOf[child]?.removeAll { $0.key == key }
          if state.openOf[child]?.isEmpty ?? false { state.openOf[child] = nil }
        }
      }
    }
    return isAdmitted
  }

  /// A child that may report here has connected. Its certificate is looked at then, and each minute while the connection stands.
  func shown(_ peer: PeerIdentity) {
    let child = peer.station.text
    guard parent.isKnown(child) else { return }
    state.withLockedValue { state in
      state.certificates[child] = (peer, state.certificates[child]?.isEnding)
      tellCertificate(of: child, &state)
    }
  }

  /// Under the lock, so that the station hears of two certificates in the order in which they were shown.
  private func tellCertificate(of child: String, _ state: inout State) {
    guard let (peer, told) = state.certificates[child] else { return }
    let warning = peer.expiryWarning(at: tls.time.now)
    guard told != (warning != nil) else { return }
    if parent.tell(.childCertificate(child, warning.map { "\($0.chinese) / \($0.english)" })) {
      state.certificates[child]?.isEnding = warning != nil
    }
  }

  /// False: the bodies of all connections together are too much already.
  func reserve(_ bytes: Int) -> Bool {
    if bytes == 0 { return true }
    return state.withLockedValue { state in
      guard state.bodyBytes + bytes <= limits.bodyBytesAtOnce else { return false }
      state.bodyBytes += bytes
      return true
    }
  }

  func release(_ bytes: Int) {
    if bytes > 0 { state.withLockedValue { $0.bodyBytes -= bytes } }
  }

  /// Names of ways that the pages keep of one child; a site file has four at most, and may be changed.
  private static let pathNames = 8

  func heard(_ pulse: LinkPulse, of child: String, path: String) {
    state.withLockedValue { state in
      // Each name is shown, and watched, until the station is started again: a child must not fill the memory with names.
      let isKnown = state.pathNames[child]?.contains(path) ?? false
      let isAccepted = isKnown || LinkProtocol.isPathName(path) && (state.pathNames[child]?.count ?? 0) < Self.pathNames
      if isAccepted { state.pathNames[child, default: []].insert(path) }
      let name = isAccepted ? path : "-"
      state.pulses[child + "\u{0}" + name] = ChildPulse(child: child, path: name, waiting: pulse.waiting)
    }
  }

  /// Each kind of refusal is logged once a minute at most: a stranger must not fill the disk.
  ///
  /// - Parameter group: of the same kind; the text may hold the time of day.
  func noteRefusal(_ refusal: String, group: String? = nil, from: String) {
    let count = state.withLockedValue { state in
      state.refusals[group ?? refusal, default: 0] += 1
      return state.refusals.count < 100 ? state.refusals[group ?? refusal, default: 0] : 0
    }
    if count == 1 { parent.log("link: \(from): \(refusal)") }
  }

  /// The station hears of heartbeats once a second, however many children there are.
  func startPulses(on loop: any EventLoop) {
    let task = loop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
      let pulses = self.state.withLockedValue { state in
        defer { state.pulses.removeAll(keepingCapacity: true) }
        return state.pulses
      }
      guard !pulses.isEmpty else { return }
      _ = self.parent.tell(.childrenHeard(pulses.sorted { $0.key < $1.key }.map(\.value)))
    }
    let minutes = loop.scheduleRepeatedTask(initialDelay: .minutes(1), delay: .minutes(1)) { _ in
      self.state.withLockedValue { state in
        state.refusals.removeAll()
        for child in state.certificates.keys.sorted() { self.tellCertificate(of: child, &state) }
      }
    }
    state.withLockedValue { $0.tasks = [task, minutes] }
  }

  func stop() { for task in state.withLockedValue({ $0.tasks }) { task.cancel() } }
}

/// The children's command streams that are open.
final class CommandStreams: Sendable {
  private let open = NIOLockedValueBox<[String: [ObjectIdentifier: any Channel]]>([:])

  func join(_ channel: any Channel, of child: String) {
    let key = ObjectIdentifier(channel as AnyObject)
    open.withLockedValue { $0[child, default: [:]][key] = channel }
    channel.closeFuture.whenComplete { _ in
      self.open.withLockedValue { open in
        open[child]?[key] = nil
        if open[child]?.isEmpty ?? false { open[child] = nil }
      }
    }
  }

  /// On every stream of the child: it drops what comes twice.
  func send(_ command: ParentCommand, to child: String) {
    let channels = open.withLockedValue { $0[child].map { Array($0.values) } ?? [] }
    guard !channels.isEmpty else { return }
    let now = Int64(Date().timeIntervalSince1970 * 1000)
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    guard let data = try? encoder.encode(LinkCommand(command: command, sentAtMilliseconds: now)) else { return }
    let text = "id: \(command.number)\nevent: command\ndata: \(String(decoding: data, as: UTF8.self))\n\n"
    for channel in channels {
      channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: text))), promise: nil)
    }
  }
}
