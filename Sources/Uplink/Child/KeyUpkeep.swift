import Dispatch
import Foundation
import NIOCore
import StationIdentity
import StationLinkCodec

/// What a child hands out of its key database, a stretch of names at a time.
public struct KeySource: Sendable {
  /// Rises with every key that comes or goes; must not wait.
  public var revision: @Sendable () -> UInt64
  /// The stretch behind a name; `nil` when it cannot be read now. May wait for the disk.
  public var stretch: @Sendable (_ after: String) -> LinkKeys?

  public init(revision: @escaping @Sendable () -> UInt64, stretch: @escaping @Sendable (_ after: String) -> LinkKeys?) {
    self.revision = revision
    self.stretch = stretch
  }
}

/// Keeps the parent's copy of the wrapped keys as they are here: all of them after each greeting, and again whenever one came or went. One
/// small request after the other, on a connection of its own, started by answers of the parent: a line that is busy or gone sees nothing of it.
/// Lives on the event loop.
final class KeyUpkeep {
  private let source: KeySource
  private let tls: LinkTLS
  private let loop: any EventLoop
  private let log: @Sendable (String) -> Void
  private let files = DispatchQueue(label: "linli.keys")
  private var connection: LaneConnection?
  private var limit: Scheduled<Void>?
  private var isReading = false
  /// The revision that the parent has; `nil`: not known.
  private var told: UInt64?
  /// A round that is under way: which revision it began with, and where it goes on.
  private var round: (revision: UInt64, after: String)?
  private var nextTry = NIODeadline.now()
  /// It is of before the time of keys: not asked again until it was greeted again.
  private var isRefused = false

  private static let answerTime = TimeAmount.seconds(10)
  private static let retryTime = TimeAmount.seconds(10)

  init(_ source: KeySource, tls: LinkTLS, loop: any EventLoop, log: @escaping @Sendable (String) -> Void) {
    self.source = source
    self.tls = tls
    self.loop = loop
    self.log = log
  }

  /// The parent answered on a path.
  func heard(on target: LinkTarget, isGreeting: Bool) {
    if isGreeting {
      // It may have lost its disk, or be another program now.
      (told, round, isRefused) = (nil, nil, false)
    }
    let revision = source.revision()
    guard !isRefused, connection == nil, !isReading, round != nil || told != revision, nextTry <= .now() else { return }
    read(on: target, round ?? (revision, ""))
  }

  private func read(on target: LinkTarget, _ round: (revision: UInt64, after: String)) {
    self.round = round
    isReading = true
    let bound = NIOLoopBound(self, eventLoop: loop)
    let (loop, source) = (loop, source)
    files.async {
      let stretch = source.stretch(round.after)
      let body = stretch.flatMap { try? $0.encode() }
      loop.execute {
        bound.value.isReading = false
        guard let stretch, let body else { return bound.value.pause() }
        bound.value.ask(target, stretch, body)
      }
    }
  }

  private func pause() {
    round = nil
    nextTry = .now() + Self.retryTime
  }

  private func ask(_ target: LinkTarget, _ stretch: LinkKeys, _ body: [UInt8]) {
    guard connection == nil, let round else { return }
    let connection = LaneConnection(target: target, tls: tls, loop: loop)
    self.connection = connection
    let bound = NIOLoopBound(self, eventLoop: loop)
    limit = loop.scheduleTask(in: Self.answerTime) {
      bound.value.end()
      bound.value.pause()
    }
    connection.post(LinkRequest(path: LinkProtocol.keys, body: body, largestAnswer: 64 << 10)) { [weak self] reply in
      self?.end()
      self?.take(reply, stretch, round, target)
    }
  }

  private func end() {
    limit?.cancel()
    connection?.drop()
    connection = nil
  }

  private func take(_ reply: LinkReply, _ stretch: LinkKeys, _ began: (revision: UInt64, after: String), _ target: LinkTarget) {
    // Greeted anew meanwhile: the round begins again.
    guard round?.after == began.after, round?.revision == began.revision else { return }
    guard case .answered(200, _) = reply else {
      if case .answered(let status, _) = reply, status != 503 {
        isRefused = true
        log("上级不收封存信息的密钥 / the parent takes no keys of sealed fields: HTTP \(status)")
      }
      return pause()
    }
    guard stretch.through.isEmpty else { return read(on: target, (began.revision, stretch.through)) }
    round = nil
    told = began.revision
  }
}
