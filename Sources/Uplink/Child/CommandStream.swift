import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import StationIdentity
import StationLinkCodec

/// Listens on one path for the parent's commands; connects again by itself. Lives on the event loop.
final class CommandStream {
  private let target: LinkTarget
  private let tls: LinkTLS
  private let loop: any EventLoop
  private let heard: (LinkCommand) -> Void
  private var channel: (any Channel)?
  private var isWanted = false
  private var generation = 0

  private static let retryTime = TimeAmount.seconds(2)
  /// The parent sends a comment every 5 s.
  private static let silentTime = TimeAmount.seconds(15)

  init(target: LinkTarget, tls: LinkTLS, loop: any EventLoop, heard: @escaping (LinkCommand) -> Void) {
    self.target = target
    self.tls = tls
    self.loop = loop
    self.heard = heard
  }

  /// Listens while the path is open.
  func want(_ wanted: Bool) {
    guard wanted != isWanted else { return }
    isWanted = wanted
    generation += 1
    channel?.close(promise: nil)
    channel = nil
    if wanted { open() }
  }

  private func open() {
    generation += 1
    let mine = generation
    let target = target
    let bound = NIOLoopBound(self, eventLoop: loop)
    connect(
      self.target, tls, loop: loop,
      handlers: { channel in
        try channel.pipeline.syncOperations.addHTTPClientHandlers()
        try channel.pipeline.syncOperations.addHandlers([
          IdleStateHandler(readTimeout: Self.silentTime),
          CommandReader(
            target: target, isGood: { bound.value.tls.refusal(of: $0) == nil }, heard: { bound.value.heard($0) },
            ended: { bound.value.ended(mine) }),
        ])
        bound.value.channel = channel
      },
      failed: { _ in bound.value.ended(mine) })
  }

  private func ended(_ mine: Int) {
    guard mine == generation, isWanted else { return }
    generation += 1
    channel = nil
    let again = generation
    let bound = NIOLoopBound(self, eventLoop: loop)
    loop.scheduleTask(in: Self.retryTime) {
      if bound.value.isWanted, bound.value.generation == again { bound.value.open() }
    }
  }
}

/// Reads server-sent events: each `data` line that is followed by an empty line is a command.
private final class CommandReader: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundOut = HTTPClientRequestPart

  private let target: LinkTarget
  /// Whether this peer may still speak: revocations come while a stream stands.
  private let isGood: (PeerIdentity) -> Bool
  private let heard: (LinkCommand) -> Void
  private let ended: () -> Void
  private var peer: PeerIdentity?
  private var line: [UInt8] = []
  private var data: [UInt8] = []
  private var hasEnded = false

  /// Longer than any command: a note of 500 characters and what is around it.
  private static let longestLine = 16 << 10

  init(
    target: LinkTarget, isGood: @escaping (PeerIdentity) -> Bool, heard: @escaping (LinkCommand) -> Void,
    ended: @escaping () -> Void
  ) {
    self.target = target
    self.isGood = isGood
    self.heard = heard
    self.ended = ended
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if let verified = event as? PeerVerified {
      peer = verified.peer
      var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: LinkProtocol.commands)
      head.headers.add(name: "host", value: target.host)
      head.headers.add(name: "accept", value: "text/event-stream")
      head.headers.add(name: LinkProtocol.pathHeader, value: target.name)
      context.write(wrapOutboundOut(.head(head)), promise: nil)
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    } else if event is IdleStateHandler.IdleStateEvent {
      context.close(promise: nil)
    }
    context.fireUserInboundEventTriggered(event)
  }

  func channelRead(context: ChannelHandlerContext, data part: NIOAny) {
    switch unwrapInboundIn(part) {
    case .head(let head): if head.status != .ok { context.close(promise: nil) }
    case .body(let bytes):
      guard let peer, isGood(peer) else { return context.close(promise: nil) }
      for byte in bytes.readableBytesView { if !take(byte) { return context.close(promise: nil) } }
    case .end: context.close(promise: nil)
    }
  }

  /// False when the parent sends what is no stream of commands.
  private func take(_ byte: UInt8) -> Bool {
    guard byte == 10 else {
      line.append(byte)
      return line.count <= Self.longestLine
    }
    if line.last == 13 { line.removeLast() }
    if line.isEmpty {
      if !data.isEmpty, let command = try? JSONDecoder().decode(LinkCommand.self, from: Data(data)) { heard(command) }
      data = []
    } else if line.starts(with: Array("data:".utf8)) {
      data.append(contentsOf: line.dropFirst(5))
    }
    line = []
    return data.count <= Self.longestLine
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  func channelInactive(context: ChannelHandlerContext) {
    if !hasEnded { ended() }
    hasEnded = true
    context.fireChannelInactive()
  }
}
