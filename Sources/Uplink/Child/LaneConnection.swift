import Foundation
import NIOCore
import NIOHTTP1
import NIOHTTPCompression
import NIOPosix
import StationIdentity
import StationLinkCodec
import StationLinkDriver

/// One request on its way up.
struct LinkRequest: Sendable {
  var method = HTTPMethod.POST
  var path: String
  var contentType = LinkProtocol.jsonType
  var body: [UInt8] = []
  /// A receipt of 500 ranges takes 65 kB.
  var largestAnswer = 1 << 20
}

enum LinkReply: Sendable {
  case answered(status: Int, body: [UInt8])
  case failed(LinkFailure)
}

/// Where a parent is reached on one path.
struct LinkTarget: Sendable {
  var name: String
  var host: String
  var port: Int
}

/// One kept connection to the parent: one request at a time. Lives on the event loop.
final class LaneConnection {
  private let target: LinkTarget
  private let tls: LinkTLS
  private let loop: any EventLoop
  private var channel: (any Channel)?
  private var waiting: ((LinkReply) -> Void)?
  /// Answers of connections that were dropped since are not for anybody.
  private var generation = 0
  /// What the last request took on the line, compressed and with its head. TLS adds about a hundredth.
  private(set) var requestBytes = 0

  /// Bodies up to this many bytes fit in one packet anyway.
  private static let worthCompressing = 1000
  static let connectTime = TimeAmount.seconds(5)

  init(target: LinkTarget, tls: LinkTLS, loop: any EventLoop) {
    self.target = target
    self.tls = tls
    self.loop = loop
  }

  func post(_ request: LinkRequest, done: @escaping (LinkReply) -> Void) {
    if waiting != nil { drop() }
    waiting = done
    if let channel, channel.isActive {
      // The parent's certificate may have been revoked since this connection was opened: a new one is refused with that reason.
      if isGood(channel) { return write(request, channel) }
      channel.close(promise: nil)
    }
    generation += 1
    let mine = generation
    let bound = NIOLoopBound(self, eventLoop: loop)
    let target = target
    connect(
      target, tls, loop: loop,
      handlers: { channel in
        try channel.pipeline.syncOperations.addHandler(ByteCounter { bound.value.requestBytes += $0 })
        try channel.pipeline.syncOperations.addHTTPClientHandlers()
        try channel.pipeline.syncOperations.addHandler(
          ReplyCollector(
            target: target, largest: request.largestAnswer, done: { bound.value.finish($0, mine) },
            ready: { bound.value.ready($0, request, mine) }))
      },
      failed: { bound.value.finish(.failed($0), mine) })
  }

  private func isGood(_ channel: any Channel) -> Bool {
    channel.pipeline.syncOperations.verifiedPeer().map { tls.refusal(of: $0) == nil } ?? false
  }

  private func ready(_ channel: any Channel, _ request: LinkRequest, _ mine: Int) {
    guard mine == generation else { return channel.close(promise: nil) }
    self.channel = channel
    write(request, channel)
  }

  private func write(_ request: LinkRequest, _ channel: any Channel) {
    var head = HTTPRequestHead(version: .http1_1, method: request.method, uri: request.path)
    head.headers.add(name: "host", value: target.host)
    if request.method == .POST {
      head.headers.add(name: "content-type", value: request.contentType)
      head.headers.add(name: "content-length", value: "\(request.body.count)")
    }
    head.headers.add(name: LinkProtocol.pathHeader, value: target.name)
    let body = channel.allocator.buffer(bytes: request.body)
    requestBytes = 0
    compress(request, channel)
    channel.write(HTTPClientRequestPart.head(head), promise: nil)
    channel.write(HTTPClientRequestPart.body(.byteBuffer(body)), promise: nil)
    channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
  }

  /// The library's compressor serves one request; the next gets another one.
  private func compress(_ request: LinkRequest, _ channel: any Channel) {
    let pipeline = channel.pipeline.syncOperations
    if let used = try? pipeline.handler(type: NIOHTTPRequestCompressor.self) { pipeline.removeHandler(used, promise: nil) }
    guard request.body.count > Self.worthCompressing else { return }
    try? pipeline.addHandler(NIOHTTPRequestCompressor(encoding: .gzip))
  }

  private func finish(_ reply: LinkReply, _ mine: Int) {
    guard mine == generation else { return }
    if case .failed = reply {
      channel?.close(promise: nil)
      channel = nil
      generation += 1
    }
    let done = waiting
    waiting = nil
    done?(reply)
  }

  /// Closes it; who waits hears nothing any more.
  func drop() {
    generation += 1
    waiting = nil
    channel?.close(promise: nil)
    channel = nil
  }
}

/// Opens a connection on a path, TLS first, and says why when it cannot. On the event loop; `failed` may be called after `handlers` as well.
func connect(
  _ target: LinkTarget, _ tls: LinkTLS, loop: any EventLoop, handlers: @escaping (any Channel) throws -> Void,
  failed: @escaping (LinkFailure) -> Void
) {
  let bound = NIOLoopBound((handlers, failed), eventLoop: loop)
  ClientBootstrap(group: loop)
    .connectTimeout(LaneConnection.connectTime)
    .channelOption(.tcpOption(.tcp_nodelay), value: 1)
    .channelInitializer { channel in
      channel.eventLoop.makeCompletedFuture {
        try tls.addClientHandlers(to: channel)
        try bound.value.0(channel)
      }
    }
    .connect(host: target.host, port: target.port).whenFailure { error in
      bound.value.1(failure(error, target))
    }
}

/// Why a connection did not come about or ended, in the terms of the sender.
func failure(_ error: any Error, _ target: LinkTarget) -> LinkFailure {
  switch error {
  case let refusal as PeerRefusal: .untrusted("\(refusal)")
  case let refusal as RefusedByPeer: .untrusted("\(refusal)")
  default: .unreachable("\(ConnectFailure(error, host: target.host, port: target.port))")
  }
}

private final class ByteCounter: ChannelOutboundHandler {
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let count: (Int) -> Void

  init(count: @escaping (Int) -> Void) { self.count = count }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    count(unwrapOutboundIn(data).readableBytes)
    context.write(data, promise: promise)
  }
}

/// Gathers the answers of one connection, and says when the peer is verified.
private final class ReplyCollector: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundOut = HTTPClientRequestPart

  private let done: (LinkReply) -> Void
  private let ready: (any Channel) -> Void
  private var status = 0
  private var body: [UInt8] = []
  private var isVerified = false

  private let target: LinkTarget
  private let largest: Int

  init(target: LinkTarget, largest: Int, done: @escaping (LinkReply) -> Void, ready: @escaping (any Channel) -> Void) {
    self.target = target
    self.largest = largest
    self.done = done
    self.ready = ready
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is PeerVerified {
      isVerified = true
      ready(context.channel)
    }
    context.fireUserInboundEventTriggered(event)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      status = Int(head.status.code)
      body = []
    case .body(let bytes):
      guard body.count + bytes.readableBytes <= largest else {
        return fail(.refused(.tooLarge, "上级的答复太长 / the parent's answer is too long"), context)
      }
      body.append(contentsOf: bytes.readableBytesView)
    case .end: done(.answered(status: status, body: body))
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { fail(failure(error, target), context) }

  func channelInactive(context: ChannelHandlerContext) {
    done(
      .failed(isVerified ? .unreachable("上级断开了连接 / the parent closed the connection") : failure(ChannelError.eof, target)))
    context.fireChannelInactive()
  }

  private func fail(_ failure: LinkFailure, _ context: ChannelHandlerContext) {
    done(.failed(failure))
    context.close(promise: nil)
  }
}
