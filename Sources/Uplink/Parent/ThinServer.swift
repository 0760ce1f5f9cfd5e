import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOHTTPCompression
import NIOPosix
import StationIdentity
import StationLinkCodec

/// What a `ThinServer` does with a request.
public enum ThinReply: Sendable {
  case answer(status: Int, body: [UInt8])
  /// Server-sent events, beginning with this text, until the connection ends.
  case stream(String)
  /// Nothing comes, and the connection stands.
  case silence
  case close
}

/// The line's TLS and HTTP around any answers at all: what a parent that misbehaves is made of, for tests and demos. A running station uses
/// `LinkServer`.
public final class ThinServer: Sendable {
  public typealias Answer = @Sendable (_ station: String, _ method: String, _ path: String, _ body: [UInt8]) async -> ThinReply

  public let port: Int
  private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  private let channels = ThinChannels()

  /// - Parameters:
  ///   - tls: asked for each new connection.
  ///   - beat: every 5 s for each stream: what keeps it alive, `nil` for nothing.
  /// - Throws: `LinkServerError` when it cannot listen.
  public init(
    address: String, port: Int, tls: @escaping @Sendable () -> LinkTLS, beat: @escaping @Sendable () -> String? = { ": \n\n" },
    answer: @escaping Answer
  ) throws {
    let channels = channels
    do {
      let listener = try ServerBootstrap(group: group)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
        .childChannelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            channels.add(channel)
            try tls().addServerHandlers(to: channel)
            try channel.pipeline.syncOperations.addHandlers([
              HTTPResponseEncoder(), ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)),
              NIOHTTPRequestDecompressor(limit: .size(LinkProtocol.bodyBytes)),
              ThinConnection(channels: channels, beat: beat, answer: answer),
            ])
          }
        }
        .bind(host: address, port: port).wait()
      self.port = listener.localAddress?.port ?? port
    } catch {
      group.shutdownGracefully { _ in }
      throw LinkServerError.cannotListen(address: address, port: port, reason: ListenFailure.words(error))
    }
  }

  /// Writes to every stream that is open; answers how many there are.
  public func send(_ text: String) -> Int { channels.send(text) }

  /// Ends every connection.
  public func cut() { channels.cut() }

  public func stop() { try? group.syncShutdownGracefully() }
}

private final class ThinChannels: Sendable {
  private let all = NIOLockedValueBox<[ObjectIdentifier: (channel: any Channel, isStream: Bool)]>([:])

  func add(_ channel: any Channel) {
    let key = ObjectIdentifier(channel as AnyObject)
    all.withLockedValue { $0[key] = (channel, false) }
    channel.closeFuture.whenComplete { _ in self.all.withLockedValue { $0[key] = nil } }
  }

  func streams(_ channel: any Channel) {
    all.withLockedValue { $0[ObjectIdentifier(channel as AnyObject)]?.isStream = true }
  }

  func send(_ text: String) -> Int {
    let streams = all.withLockedValue { $0.values.filter(\.isStream).map(\.channel) }
    for channel in streams {
      channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: text))), promise: nil)
    }
    return streams.count
  }

  func cut() { for item in all.withLockedValue({ Array($0.values) }) { item.channel.close(promise: nil) } }
}

private final class ThinConnection: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let channels: ThinChannels
  private let beat: @Sendable () -> String?
  private let answer: ThinServer.Answer
  private var station: String?
  private var head: HTTPRequestHead?
  private var body: [UInt8] = []
  private var beats: RepeatedTask?

  init(channels: ThinChannels, beat: @escaping @Sendable () -> String?, answer: @escaping ThinServer.Answer) {
    self.channels = channels
    self.beat = beat
    self.answer = answer
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if let verified = event as? PeerVerified { station = verified.peer.station.text }
    context.fireUserInboundEventTriggered(event)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      self.head = head
      body = []
    case .body(let bytes):
      guard body.count + bytes.readableBytes <= LinkProtocol.bodyBytes else { return context.close(promise: nil) }
      body.append(contentsOf: bytes.readableBytesView)
    case .end: dispatch(context)
    }
  }

  private func dispatch(_ context: ChannelHandlerContext) {
    guard let station, let head else { return context.close(promise: nil) }
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    let (loop, answer, body) = (context.eventLoop, answer, body)
    let (method, path) = (head.method.rawValue, String(head.uri.prefix { $0 != "?" }))
    Task {
      let reply = await answer(station, method, path, body)
      loop.execute { bound.value.0.perform(reply, bound.value.1) }
    }
  }

  private func perform(_ reply: ThinReply, _ context: ChannelHandlerContext) {
    guard context.channel.isActive else { return }
    switch reply {
    case .answer(let status, let body):
      var head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status))
      head.headers.add(name: "content-type", value: status == 200 ? "application/json" : "application/problem+json")
      head.headers.add(name: "content-length", value: "\(body.count)")
      context.write(wrapOutboundOut(.head(head)), promise: nil)
      context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    case .stream(let first):
      var head = HTTPResponseHead(version: .http1_1, status: .ok)
      head.headers.add(name: "content-type", value: "text/event-stream")
      context.write(wrapOutboundOut(.head(head)), promise: nil)
      context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: first)))), promise: nil)
      channels.streams(context.channel)
      let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
      let interval = LinkLimits().streamBeat
      beats = context.eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in
        let (connection, context) = bound.value
        guard let beat = connection.beat() else { return }
        context.writeAndFlush(connection.wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: beat)))), promise: nil)
      }
    case .silence: break
    case .close: context.close(promise: nil)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  func channelInactive(context: ChannelHandlerContext) {
    beats?.cancel()
    context.fireChannelInactive()
  }
}
