import Foundation
import NIOCore
import NIOPosix
import StationIdentity

/// One connection under mutual TLS 1.3 that sends bytes which were made before and hands on the answers. Lives on its event loop.
final class LinkSocket: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  struct Answer: Sendable {
    /// HTTP's status; the first byte of an MQTT packet.
    var code: Int
    var body: ByteBuffer
  }

  /// Takes the first answer that is whole from what has come.
  typealias Framing = @Sendable (inout ByteBuffer) -> Answer?

  private let framing: Framing
  private let heard: (Result<Answer, any Error>) -> Void
  private let verified: EventLoopPromise<Void>
  private var held = ByteBuffer()
  private var context: ChannelHandlerContext?

  private init(
    _ framing: @escaping Framing, _ verified: EventLoopPromise<Void>, _ heard: @escaping (Result<Answer, any Error>) -> Void
  ) {
    self.framing = framing
    self.verified = verified
    self.heard = heard
  }

  /// - Parameter heard: gets every answer, and an error when the connection ends.
  static func open(
    port: Int, tls: LinkTLS, loop: any EventLoop, framing: @escaping Framing,
    heard: @escaping (Result<Answer, any Error>) -> Void
  ) -> EventLoopFuture<NIOLoopBound<LinkSocket>> {
    let verified = loop.makePromise(of: Void.self)
    let socket = NIOLoopBound(LinkSocket(framing, verified, heard), eventLoop: loop)
    return ClientBootstrap(group: loop)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try tls.addClientHandlers(to: channel)
          try channel.pipeline.syncOperations.addHandler(socket.value)
        }
      }
      .connect(host: "127.0.0.1", port: port)
      .flatMap { _ in verified.futureResult }
      .map { socket }
      .flatMapErrorThrowing { error in
        verified.fail(error)
        throw error
      }
  }

  func send(_ bytes: ByteBuffer) { context?.writeAndFlush(wrapOutboundOut(bytes), promise: nil) }

  func close() { context?.close(promise: nil) }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is PeerVerified { verified.succeed() }
    context.fireUserInboundEventTriggered(event)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    held.writeBuffer(&bytes)
    while let answer = framing(&held) { heard(.success(answer)) }
    held.discardReadBytes()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    verified.fail(error)
    heard(.failure(error))
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    let ended = BenchError("the other end closed the connection")
    verified.fail(ended)
    heard(.failure(ended))
    context.fireChannelInactive()
  }
}

/// HTTP/1.1 as far as answers of a parent need it.
enum HTTPFraming {
  private static let end = Array("\r\n\r\n".utf8)
  private static let length = Array("content-length: ".utf8)

  /// Answers with a `content-length`.
  static let answers: LinkSocket.Framing = { bytes in
    guard let head = head(bytes) else { return nil }
    let size = head.firstRange(of: length).map { range in
      head[range.upperBound...].prefix { $0 >= 48 && $0 <= 57 }.reduce(0) { $0 * 10 + Int($1 - 48) }
    }
    guard let size, bytes.readableBytes >= head.count + size else { return nil }
    let code = code(head)
    bytes.moveReaderIndex(forwardBy: head.count)
    return bytes.readSlice(length: size).map { LinkSocket.Answer(code: code, body: $0) }
  }

  /// A stream of events: its head is an answer, what follows is not looked at.
  static let stream: LinkSocket.Framing = { bytes in
    guard bytes.readableBytesView.starts(with: Array("HTTP/".utf8)) else {
      bytes.clear()
      return nil
    }
    guard let head = head(bytes) else { return nil }
    let code = code(head)
    bytes.clear()
    return LinkSocket.Answer(code: code, body: ByteBuffer())
  }

  private static func head(_ bytes: ByteBuffer) -> ByteBufferView? {
    bytes.readableBytesView.firstRange(of: end).map { bytes.readableBytesView[..<$0.upperBound] }
  }

  private static func code(_ head: ByteBufferView) -> Int {
    Int(String(decoding: head.dropFirst(9).prefix(3), as: UTF8.self)) ?? 0
  }
}

/// A connection on which one request is asked at a time. Lives on its event loop.
final class Asker {
  private let loop: any EventLoop
  private var socket: LinkSocket?
  private var waiting: EventLoopPromise<LinkSocket.Answer>?
  /// Gets what comes while nothing was asked.
  var unasked: ((LinkSocket.Answer) -> Void)?

  init(loop: any EventLoop) { self.loop = loop }

  var isBusy: Bool { waiting != nil }

  func connect(port: Int, tls: LinkTLS, framing: @escaping LinkSocket.Framing) -> EventLoopFuture<Void> {
    let bound = NIOLoopBound(self, eventLoop: loop)
    return LinkSocket.open(port: port, tls: tls, loop: loop, framing: framing, heard: { bound.value.take($0) })
      .map { bound.value.socket = $0.value }
  }

  func ask(_ bytes: ByteBuffer) -> EventLoopFuture<LinkSocket.Answer> {
    let promise = loop.makePromise(of: LinkSocket.Answer.self)
    guard let socket, !isBusy else {
      promise.fail(BenchError("a connection is closed, or busy"))
      return promise.futureResult
    }
    waiting = promise
    socket.send(bytes)
    return promise.futureResult
  }

  func tell(_ bytes: ByteBuffer) { socket?.send(bytes) }

  func close() { socket?.close() }

  private func take(_ result: Result<LinkSocket.Answer, any Error>) {
    if case .failure = result { socket = nil }
    guard let promise = waiting else {
      if case .success(let answer) = result { unasked?(answer) }
      return
    }
    waiting = nil
    promise.completeWith(result)
  }
}
