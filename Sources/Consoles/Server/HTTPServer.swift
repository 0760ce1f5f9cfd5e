import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix
import Transports

/// What a page server does with a checked request. Called on the server's event loop: it must not wait.
protocol Routes: Sendable {
  func route(_ request: HTTPRequest) -> RouteResult
  /// A request was refused by its head: it comes from another site's page, or by a name that is not this host's.
  func refusedForeign()
}

extension Routes {
  func refusedForeign() {}

  func get(_ request: HTTPRequest, _ body: () -> RouteResult) -> RouteResult {
    guard request.method == .get else {
      return .reply(HTTPReply(405, .wrongMethod, at: request.pathText, accepted: "GET", allow: "GET"))
    }
    return body()
  }

  /// What is asked of the station: nothing while it is not there, and what makes no sense is refused in words.
  func post(_ request: HTTPRequest, _ board: PageBoard, _ read: () throws(BadRequest) -> RouteResult) -> RouteResult {
    guard request.method == .post else {
      return .reply(HTTPReply(405, .wrongMethod, at: request.pathText, accepted: "POST", allow: "POST"))
    }
    if let refusal = board.refusal() { return .reply(refusal) }
    do throws(BadRequest) {
      return try read()
    } catch {
      return .reply(HTTPReply(400, error.fault, at: error.place, accepted: error.accepted))
    }
  }
}

enum RouteResult: Sendable {
  case reply(HTTPReply)
  case later(@Sendable () async -> HTTPReply)
  case events(EventHub, isAllowed: @Sendable () -> Bool = { true })
}

/// A small HTTP/1.1 server on loopback: one event loop on one thread, one request per connection.
final class HTTPServer: Sendable {
  let port: Int
  private let group: MultiThreadedEventLoopGroup
  private let listener: any Channel
  private let gate: LoopGate

  /// - Parameter group: one thread; the server ends it in `stop()`, and here when it cannot listen.
  init(
    address: LoopbackAddress, port: Int, limits: ServerLimits, group: MultiThreadedEventLoopGroup, gate: LoopGate,
    routes: any Routes
  )
    throws(ConsoleError)
  {
    let core = ServerCore(limits: limits, routes: routes, gate: gate)
    // The usual soft limit of 1,024 is fewer than the pages that are allowed.
    OpenFiles.raise(to: limits.connections + 256)
    do {
      listener = try ServerBootstrap(group: group)
        .serverChannelOption(.backlog, value: 1024)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
        .childChannelOption(.socketOption(.so_sndbuf), value: limits.sendBufferBytes)
        .childChannelOption(.allowRemoteHalfClosure, value: true)
        .childChannelOption(
          .writeBufferWaterMark, value: .init(low: limits.streamBacklogBytes / 8, high: max(1, limits.streamBacklogBytes))
        )
        .childChannelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            var decoderLimits = NIOHTTPDecoderLimitConfiguration()
            decoderLimits.maxHeaderListSize = limits.headerBytes
            decoderLimits.maxHeaderFieldSize = limits.headerBytes
            let decoder = HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: decoderLimits)
            let meter = HeaderMeter(limit: limits.headerBytes)
            try channel.pipeline.syncOperations.addHandlers([
              meter, ByteToMessageHandler(decoder), HTTPConnection(core: core, meter: meter),
            ])
          }
        }
        .bind(host: address.text, port: port).wait()
      self.port = listener.localAddress?.port ?? port
      self.group = group
      self.gate = gate
    } catch {
      group.shutdownGracefully { _ in }
      throw .cannotListen(address: address.text, port: port, reason: String(describing: error))
    }
  }

  /// Closes every connection and ends the thread; returns when both have happened.
  func stop() {
    gate.close()
    try? group.syncShutdownGracefully()
  }
}

/// What the connections of one server share.
final class ServerCore: Sendable {
  let limits: ServerLimits
  let routes: any Routes
  let gate: LoopGate
  /// Open connections; touched on the event loop only.
  let open: NIOLoopBoundBox<Int>

  init(limits: ServerLimits, routes: any Routes, gate: LoopGate) {
    self.limits = limits
    self.routes = routes
    self.gate = gate
    self.open = .makeBoxSendingValue(0, eventLoop: gate.loop)
  }
}

/// The way onto the server's event loop from outside: shut before the loop ends, as a loop that has ended takes no work.
final class LoopGate: Sendable {
  let loop: any EventLoop
  private let isOpen = NIOLockedValueBox(true)

  init(loop: any EventLoop) { self.loop = loop }

  /// Does nothing once the server has stopped.
  func execute(_ work: @escaping @Sendable () -> Void) {
    isOpen.withLockedValue { if $0 { loop.execute(work) } }
  }

  func close() { isOpen.withLockedValue { $0 = false } }
}
