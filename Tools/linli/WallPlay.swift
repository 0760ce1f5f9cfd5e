import ArgumentParser
import DeviceKit
import DeviceVocabulary
import Foundation
import Station
import StationRuntime
import Synchronization
import Transports
import WallHost

struct WallPlay: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "play", abstract: "在这台电脑的屏幕上做软件大屏 / makes a software wall of this PC's screens",
    discussion: """
      每个窗口一个 mpv;站点说放什么就放什么,看到的画面报告给站点。站点重启时画面不断。
      One mpv for each window; what the station wishes is shown, and what is seen is reported back. The pictures stay while the station restarts.
      只在 X11 上能摆放窗口 / windows can be placed on X11 only (on Wayland: an X11 session).
        linli wall play --try                                       四个测试画面,不用站点 / four test pictures, without a station
        linli wall play --connect site.yaml --player pc1 --display :0
      """)
  @Option(help: "站点文件,或它的套接字 / site file of the running station, or its socket") var connect: String?
  @Option(help: "站点文件里播放机的名称 / the player's name in the site file") var player: String?
  @Option(help: "X11 屏幕,如 :0 / X11 screen") var display: String?
  @Option(help: "mpv 的视频输出,依次试 / mpv's video outputs, in the order in which they are tried") var output = "gpu,x11"
  @Option(help: "mpv 的硬件解码:auto-safe、no / mpv's hardware decoding") var decoding = "auto-safe"
  @Flag(name: .customLong("try"), help: "四个测试画面 / four test pictures") var isTrial = false
  @Option(help: "--try 时整个屏幕的大小 / size of the whole screen for --try") var size = "1920x1080"

  func validate() throws {
    guard isTrial || connect != nil && player != nil else {
      throw ValidationError("要写 --connect 和 --player,或 --try / give --connect and --player, or --try")
    }
    if let player, !player.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-_".contains($0)) }) {
      throw ValidationError("--player 只能有字母、数字、- 和 _ / letters, digits, - and _ only")
    }
    if isTrial { _ = try trialWishes() }
  }

  func run() async throws {
    let signals = Signals()
    let manager = ServiceManager()
    let settings = PlayerSettings(
      player: player ?? "try", display: display, videoOutput: output, hardwareDecoding: decoding)
    let report = PlayerTeller(socket: isTrial ? nil : socket, player: settings.player)
    let host = try WallPlayer(settings, log: { Terminal.log($0) }, tell: { report.tell($0) })
    host.start()
    var link: PlayerLink?
    if isTrial {
      host.wish(try trialWishes())
    } else {
      report.start()
      link = PlayerLink(socket: socket, player: settings.player, host: host)
      link?.start()
    }
    manager.ready()
    Terminal.log("播放机 \(settings.player): 运行中 / running")
    await signals.stop()
    manager.stopping()
    link?.stop()
    host.stop()
    report.stop()
    Terminal.log("播放机已停止 / stopped")
  }

  private var socket: String {
    guard let connect else { return "" }
    var status = stat()
    let isSocket = lstat(connect, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
    return isSocket || connect.hasSuffix(".sock") ? connect : Socket.station(connect)
  }

  private func trialWishes() throws -> [WallWish] {
    let parts = size.split(separator: "x").compactMap { Int($0) }
    guard parts.count == 2, parts.allSatisfy({ (64...32_768).contains($0) }) else { throw ValidationError("--size 1920x1080") }
    let (width, height) = (parts[0] / 2, parts[1] / 2)
    return (0..<4).map { index in
      let frame = WallFrame(x: index % 2 * width, y: index / 2 * height, width: width, height: height)
      let picture = DeviceVocabulary.WallPicture(
        source: "test-\(index + 1)", address: "test:\(index + 1)", label: "测试 \(index + 1)", frame: frame)
      return WallWish(UInt16(index + 1), .picture(picture))
    }
  }
}

/// Asks the station what is to be shown, again and again, on a thread of its own.
private final class PlayerLink: Sendable {
  private let socket: String
  private let player: String
  private let host: WallPlayer
  private let stopFlag = StopFlag()

  init(socket: String, player: String, host: WallPlayer) {
    self.socket = socket
    self.player = player
    self.host = host
  }

  func start() {
    let thread = Thread { [self] in run() }
    thread.name = "player-link"
    thread.start()
  }

  /// It may still wait for an answer: that holds up nothing.
  func stop() { stopFlag.raise() }

  private func run() {
    var known: UInt64 = 0
    var lastOrder: UInt64?
    var isReached = true
    while !stopFlag.isRaised {
      let askedAt = MonotonicClock.now()
      do {
        let text = try ControlSocket.ask(socket, PlayerLine.wish(player, known: known), timeoutSeconds: 5)
        // So does a forwarding ssh whose other end has nobody.
        guard !text.isEmpty else { throw Failure("接通后没有应答就断开了 / the connection was closed without an answer: \(socket)") }
        guard let wish = PlayerLine.decode(text, as: PlayerWish.self) else { throw Failure(String(text.prefix(200))) }
        if !isReached { Terminal.log("站点有应答了 / the station answers again") }
        isReached = true
        guard wish.revision != known, !stopFlag.isRaised else {
          // Where many players wait, the station answers at once.
          if MonotonicClock.now() - askedAt < .milliseconds(300) { Thread.sleep(forTimeInterval: 0.3) }
          continue
        }
        known = wish.revision
        host.wish(wish.wishes)
        // What was asked for before this one began is over.
        let orders = wish.orders.filter { $0.id > lastOrder ?? .max }
        lastOrder = max(lastOrder ?? 0, wish.orders.map(\.id).max() ?? 0)
        for order in orders {
          if let number = order.identify { host.identify(number, seconds: order.seconds) } else { host.retest() }
        }
      } catch {
        if isReached { Terminal.log("站点没有应答,画面保持不变 / the station does not answer, the pictures stay: \(error)") }
        isReached = false
        Thread.sleep(forTimeInterval: 0.5)
      }
    }
  }
}

/// Tells the station what windows show, in their order, on a thread of its own; without a station it says it here.
private final class PlayerTeller: Sendable {
  private let socket: String?
  private let player: String
  private let waiting = Mutex<[WallEvent]>([])
  private let wake = DispatchSemaphore(value: 0)
  private let stopFlag = StopFlag()
  /// What is older than so many is old news.
  private static let limit = 512

  init(socket: String?, player: String) {
    self.socket = socket
    self.player = player
  }

  func tell(_ event: WallEvent) {
    guard socket != nil else { return Self.show(event) }
    waiting.withLock { waiting in
      waiting.append(event)
      if waiting.count > Self.limit { waiting.removeFirst(waiting.count - Self.limit) }
    }
    wake.signal()
  }

  func start() {
    let thread = Thread { [self] in
      while !stopFlag.isRaised {
        wake.wait()
        send()
      }
    }
    thread.name = "player-tell"
    thread.start()
  }

  func stop() {
    stopFlag.raise()
    wake.signal()
  }

  private func send() {
    guard let socket else { return }
    var events = waiting.withLock { waiting in
      defer { waiting.removeAll() }
      return waiting
    }
    while !events.isEmpty, !stopFlag.isRaised {
      let lines = PlayerReport.lines(events, player: player)
      let isSent = lines.allSatisfy { line in (try? ControlSocket.ask(socket, line, timeoutSeconds: 5)) == PlayerLine.done }
      if isSent { return }
      Thread.sleep(forTimeInterval: 0.5)
      // What came meanwhile is newer, and comes after it.
      events = waiting.withLock { waiting in
        defer { waiting.removeAll() }
        return (events + waiting).suffix(Self.limit)
      }
    }
  }

  private static func show(_ event: WallEvent) {
    switch event {
    case .pictureObserved(let number, let state): Terminal.log("窗口 \(number): \(state.text) (window \(number))")
    case .notSwitched(let number, let refusal): Terminal.log("窗口 \(number): \(refusal.text) (window \(number))")
    default: break
    }
  }
}
