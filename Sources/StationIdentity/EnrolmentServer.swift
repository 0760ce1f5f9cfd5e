import Foundation
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// The parent's enrolment over HTTPS, on a port and a thread of its own: README.md says why not on the line's port.
///
/// Anybody may connect, so everything is bounded: connections, bytes, and the time for the whole of it.
public final class EnrolmentServer: Sendable {
  public static let defaultHost = "0.0.0.0"
  public static let defaultPort = 8464

  /// What happened, for a terminal or a page.
  public enum Event: Sendable, Equatable {
    case admitted(station: String)
    case refused(EnrolmentRefusal, station: String)
  }

  public struct Limits: Sendable {
    public var connections = 16
    /// From accepting a connection to its last byte.
    public var time = TimeAmount.seconds(10)
    public init() {}
  }

  public let port: Int
  private let group: MultiThreadedEventLoopGroup

  /// Listens at once.
  ///
  /// - Parameters:
  ///   - host: the address to listen on; children must reach it, so `0.0.0.0` or `::` unless there is a reason.
  ///   - port: 0 lets the system choose.
  ///   - clock: `LinkTime.now` of the station, or the wall clock.
  ///   - onEvent: called on the server's thread; must not wait.
  /// - Throws: `.cannotListen`, `.tls`.
  public init(
    desk: EnrolmentDesk, host: String = EnrolmentServer.defaultHost, port: Int = EnrolmentServer.defaultPort,
    limits: Limits = Limits(),
    clock: @escaping @Sendable () -> Date = { Date() }, onEvent: @escaping @Sendable (Event) -> Void = { _ in }
  ) throws(IdentityError) {
    let shown = try desk.authority.enrolmentCertificate(at: clock())
    let context = try TLSMaterial(certificate: shown.certificate, authority: shown.authority, keyPEM: shown.keyPEM).openServer
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let open = NIOLockedValueBox(0)
    do {
      let listener = try ServerBootstrap(group: group)
        .serverChannelOption(.backlog, value: 64)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .childChannelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            let answering = EnrolmentConnection(limits: limits, open: open) { request in
              let answer = desk.answer(request, at: clock())
              // A stranger's words: nothing but a name may reach a terminal.
              let station = (try? StationName(request.station))?.text ?? "?"
              switch answer {
              case .admitted: onEvent(.admitted(station: station))
              case .refused(let refusal): onEvent(.refused(refusal, station: station))
              }
              return answer
            }
            let sync = channel.pipeline.syncOperations
            try sync.addHandler(NIOSSLServerHandler(context: context))
            try sync.configureHTTPServerPipeline(withPipeliningAssistance: false, withErrorHandling: true)
            try sync.addHandler(answering)
          }
        }
        .bind(host: host, port: port).wait()
      self.port = listener.localAddress?.port ?? port
      self.group = group
    } catch {
      group.shutdownGracefully { _ in }
      throw .cannotListen(address: host, port: port, reason: ListenFailure.words(error))
    }
  }

  /// Cuts all connections and ends the thread. Not from within `onEvent`.
  public func stop() { try? group.syncShutdownGracefully() }
}

/// One connection: one request, one answer. The desk is asked on the event loop: it takes some milliseconds, and the thread is only ours.
private final class EnrolmentConnection: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  /// receiving → answered
  private enum State {
    case receiving(ByteBuffer)
    case answered
  }

  private let limits: EnrolmentServer.Limits
  private let open: NIOLockedValueBox<Int>
  private let answer: (EnrolmentRequest) -> EnrolmentAnswer
  private var state = State.receiving(ByteBuffer())
  private var timer: Scheduled<Void>?

  init(
    limits: EnrolmentServer.Limits, open: NIOLockedValueBox<Int>, answer: @escaping (EnrolmentRequest) -> EnrolmentAnswer
  ) {
    self.limits = limits
    self.open = open
    self.answer = answer
  }

  func channelActive(context: ChannelHandlerContext) {
    let isFull = open.withLockedValue { count in
      count += 1
      return count > limits.connections
    }
    if isFull { return context.close(promise: nil) }
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    timer = context.eventLoop.assumeIsolated().scheduleTask(in: limits.time) { bound.value.close(promise: nil) }
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    open.withLockedValue { $0 -= 1 }
    timer?.cancel()
    state = .answered
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard case .receiving(var body) = state else { return }
    switch unwrapInboundIn(data) {
    case .head(let head):
      guard head.uri == EnrolmentRequest.path else { return reply(.notFound, "{}", context) }
      guard head.method == .POST else { return reply(.methodNotAllowed, "{}", context) }
    case .body(var part):
      guard body.readableBytes + part.readableBytes <= EnrolmentRequest.largestRequestBytes else {
        return reply(.payloadTooLarge, "{}", context)
      }
      // Written back first: the buffer must have one owner, or each part copies it.
      state = .answered
      body.writeBuffer(&part)
      state = .receiving(body)
    case .end:
      guard let request = try? PlainJSON.value(EnrolmentRequest.self, Data(body.readableBytesView)) else {
        return reply(EnrolmentAnswer.refused(.badRequest), context)
      }
      reply(answer(request), context)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  private func reply(_ answer: EnrolmentAnswer, _ context: ChannelHandlerContext) {
    var status = HTTPResponseStatus.ok
    if case .refused(let refusal) = answer { status = HTTPResponseStatus(statusCode: refusal.httpStatus) }
    reply(status, String(decoding: PlainJSON.data(answer), as: UTF8.self), context)
  }

  private func reply(_ status: HTTPResponseStatus, _ json: String, _ context: ChannelHandlerContext) {
    state = .answered
    let body = ByteBuffer(string: json)
    let headers: HTTPHeaders = [
      "content-type": "application/json", "content-length": "\(body.readableBytes)", "connection": "close",
    ]
    context.write(wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers))), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    context.writeAndFlush(wrapOutboundOut(.end(nil))).assumeIsolated().whenComplete { _ in bound.value.close(promise: nil) }
  }
}
