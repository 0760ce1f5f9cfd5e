import DeviceKit
import DeviceVocabulary
import Foundation
import Station
import StationRuntime
import Synchronization
import Transports
import WallHost

/// Asks the station what is to be shown, again and again, on a thread of its own.
final class PlayerLink: Sendable {
  private let socket: String
  private let player: String
  private let instance: PlayerInstance
  private let host: WallPlayer
  private let stopFlag = StopFlag()

  static let answerSeconds = 5

  init(socket: String, player: String, _ instance: PlayerInstance, host: WallPlayer) {
    self.socket = socket
    self.player = player
    self.instance = instance
    self.host = host
  }

  func start() {
    let thread = Thread { [self] in run() }
    thread.name = "player-link"
    thread.start()
  }

  /// It may still wait for an answer: that holds up nothing.
  func stop() { stopFlag.raise() }

  /// A station that does not answer finds out by itself.
  func leave() { _ = try? ControlSocket.ask(socket, PlayerLine.leave(player, as: instance), timeoutSeconds: 1) }

  private func run() {
    var known: UInt64 = 0
    var lastOrder: UInt64?
    var trouble: Trouble?
    while !stopFlag.isRaised {
      let askedAt = MonotonicClock.now()
      do throws(Trouble) {
        let wish = try ask(known)
        if let trouble { Terminal.log(trouble.end) }
        trouble = nil
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
        if case .held = error, known != 0 {
          // What is to be seen is told to the other one from now on: what stands here would get old, and hide nothing from visitors.
          host.wish([])
          known = 0
        }
        if trouble != error { Terminal.log(error.text) }
        trouble = error
        Thread.sleep(forTimeInterval: 0.5)
      }
    }
  }

  private enum Trouble: Error, Equatable {
    /// Another program has the name.
    case held(String)
    case noAnswer(String)

    var text: String {
      switch self {
      case .held(let who):
        "这个播放机名称已有程序在用,这里不开窗口,等它结束 / another program has this player's name, no windows here until it ends: \(who)"
      case .noAnswer(let why):
        "站点没有应答,画面保持不变 / the station does not answer, the pictures stay: \(why)"
      }
    }

    var end: String {
      switch self {
      case .held: "播放机名称空出来了,由这里接管 / the player's name is free, this program has it now"
      case .noAnswer: "站点有应答了 / the station answers again"
      }
    }
  }

  private func ask(_ known: UInt64) throws(Trouble) -> PlayerWish {
    let line = PlayerLine.wish(player, known: known, as: instance)
    let askedAt = MonotonicClock.now()
    // So does a forwarding ssh whose other end has nobody.
    let closed = Trouble.noAnswer("没有应答就断开了 / the connection was closed without an answer: \(socket)")
    let text: String
    do {
      text = try ControlSocket.ask(socket, line, timeoutSeconds: Self.answerSeconds)
    } catch {
      if case .noAnswer = error {
        // It need not have been the time that ended it.
        guard MonotonicClock.now() - askedAt >= .seconds(Self.answerSeconds) - .milliseconds(100) else { throw closed }
        throw .noAnswer("\(Self.answerSeconds) s 内没有应答 / no answer within \(Self.answerSeconds) s: \(socket)")
      }
      throw .noAnswer("\(error)")
    }
    if let wish = PlayerLine.decode(text, as: PlayerWish.self) { return wish }
    if let who = PlayerLine.holder(in: text) { throw .held(who) }
    guard !text.isEmpty else { throw closed }
    throw .noAnswer(text.prefix(200).trimmingCharacters(in: .whitespacesAndNewlines))
  }
}

/// Tells the station what windows show, in their order, on a thread of its own; without a station it says it here.
final class PlayerTeller: Sendable {
  private let socket: String?
  private let player: String
  private let instance: PlayerInstance
  private let waiting = Mutex<[WallEvent]>([])
  private let wake = DispatchSemaphore(value: 0)
  private let stopFlag = StopFlag()
  /// What is older than so many is old news.
  private static let limit = 512

  init(socket: String?, player: String, _ instance: PlayerInstance) {
    self.socket = socket
    self.player = player
    self.instance = instance
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
      let lines = PlayerReport.lines(events, player: player, as: instance)
      var isSent = true
      for line in lines where isSent {
        let answer = (try? ControlSocket.ask(socket, line, timeoutSeconds: 5)) ?? ""
        // Another program has the name: what these windows show is no news.
        if PlayerLine.holder(in: answer) != nil { return }
        isSent = answer == PlayerLine.done
      }
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
    guard let (number, text) = event.seen else { return }
    Terminal.log("窗口 \(number): \(text) (window \(number))")
  }
}

extension WallEvent {
  /// What a window shows, for a person who looks at it. Chinese / English.
  fileprivate var seen: (number: UInt16, text: String)? {
    switch self {
    case .pictureObserved(let number, let state): (number, state.text?.both ?? "画面在动 / its picture moves")
    case .notSwitched(let number, let refusal): (number, refusal.text)
    default: nil
    }
  }
}
