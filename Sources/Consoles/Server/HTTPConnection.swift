import Foundation
import NIOCore
import NIOHTTP1
import Station

/// Counts bytes until the request's head is complete: a client that sends header after header without an end must not fill the memory.
final class HeaderMeter: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  enum Event { case overrun }

  private let limit: Int
  private var count = 0
  var headIsComplete = false
  /// What comes is neither read nor answered any more.
  var isRefused = false

  init(limit: Int) { self.limit = limit }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = unwrapInboundIn(data)
    count += bytes.readableBytes
    context.fireChannelRead(data)
    // After the decoder has seen the bytes: a head that ends within this read is measured there, field by field.
    if !headIsComplete, !isRefused, count > limit { context.fireUserInboundEventTriggered(Event.overrun) }
    // Whoever is behind this has taken a copy of what he needs: a head's fields, and a body in memory that is erased. Of what was refused nobody
    // needs anything.
    if headIsComplete || isRefused { bytes.eraseInPlace() }
  }
}

/// One connection: takes one request, answers it, or becomes an event stream.
final class HTTPConnection: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = ByteBuffer

  /// receiving → answering → draining, or receiving → streaming; each may end at any time.
  private enum State {
    case receiving(HTTPRequest?)
    /// The route works on it; what else the client sends is dropped.
    case answering
    case streaming(EventHub, EventClient)
    /// The answer is on its way. Bytes that still come are taken and dropped: closing with unread bytes would reset the connection and
    /// could take the answer with it.
    case draining
  }

  private let core: ServerCore
  private let meter: HeaderMeter
  private var state = State.receiving(nil)
  private var timer: Scheduled<Void>?
  private var isCounted = false

  init(core: ServerCore, meter: HeaderMeter) {
    self.core = core
    self.meter = meter
  }

  func channelActive(context: ChannelHandlerContext) {
    core.open.value += 1
    isCounted = true
    if core.open.value > core.limits.connections {
      finish(
        HTTPReply(503, .tooManyConnections, at: "connection", accepted: "at most \(core.limits.connections) connections"), context
      )
      return
    }
    let limit = core.limits.requestTime
    restartTimer(limit, context) { connection, context in
      connection.finish(
        HTTPReply(408, .tooSlow, at: "request", accepted: "complete within \(limit.nanoseconds / 1_000_000) ms"), context)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    if isCounted { core.open.value -= 1 }
    isCounted = false
    timer?.cancel()
    if case .streaming(let hub, let client) = state { hub.leave(client) }
    state = .draining
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let part = unwrapInboundIn(data)
    guard case .receiving(let request) = state else {
      if case .body(let buffer) = part { buffer.eraseInPlace() }
      return
    }
    switch part {
    case .head(let head): received(head, context)
    case .body(let buffer):
      defer { buffer.eraseInPlace() }
      guard let body = request?.body else { return }
      if !buffer.readableBytesView.allSatisfy({ body.append($0) }) {
        return finish(HTTPRequest.bodyTooLarge(core.limits), context)
      }
    case .end:
      if let request { dispatch(request, context) }
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch (event, state) {
    case (HeaderMeter.Event.overrun, .receiving): finish(HTTPRequest.headersTooLarge(core.limits), context)
    case (ChannelEvent.inputClosed, .receiving), (ChannelEvent.inputClosed, .streaming), (ChannelEvent.inputClosed, .draining):
      context.close(promise: nil)
    default: context.fireUserInboundEventTriggered(event)
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if case .streaming(let hub, let client) = state { hub.writabilityChanged(client) }
    context.fireChannelWritabilityChanged()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch (error, state) {
    case (HTTPParserError.headerOverflow, .receiving): finish(HTTPRequest.headersTooLarge(core.limits), context)
    case (is HTTPParserError, .receiving):
      finish(HTTPReply(400, .malformed, at: "request", accepted: "HTTP/1.1"), context)
    case (is HTTPParserError, _): break
    default: context.close(promise: nil)
    }
  }

  // MARK: - Steps

  private func received(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    meter.headIsComplete = true
    switch HTTPRequest.check(head, limits: core.limits) {
    case .refused(let reply):
      if reply.status == 403 { core.routes.refusedForeign() }
      finish(reply, context)
    case .accepted(let request, let bodyBytes):
      state = .receiving(request)
      if bodyBytes > 0, head.headers.first(name: "expect")?.lowercased() == "100-continue" {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")), promise: nil)
      }
    }
  }

  private func dispatch(_ request: HTTPRequest, _ context: ChannelHandlerContext) {
    defer { request.body?.wipe() }
    switch core.routes.route(request) {
    case .reply(let reply): finish(reply, context)
    case .later(let work): answer(by: work, context)
    case .events(let hub, let isAllowed): stream(from: hub, isAllowed, context)
    }
  }

  private func answer(by work: @escaping @Sendable () async -> HTTPReply, _ context: ChannelHandlerContext) {
    state = .answering
    timer?.cancel()
    let bound = NIOLoopBound((connection: self, context: context), eventLoop: context.eventLoop)
    Task { [gate = core.gate] in
      let reply = await work()
      gate.execute {
        // The client may have gone while the station decided.
        guard case .answering = bound.value.connection.state else { return }
        bound.value.connection.finish(reply, bound.value.context)
      }
    }
    // Whatever the station does, a client hears within its time; the work itself is not undone.
    restartTimer(core.limits.answerTime, context) { connection, context in
      connection.finish(HTTPReply(504, .noAnswer, at: "station", accepted: "look at /api/desk"), context)
    }
  }

  private func stream(from hub: EventHub, _ isAllowed: @escaping @Sendable () -> Bool, _ context: ChannelHandlerContext) {
    timer?.cancel()
    let client = EventClient(context: context, isAllowed: isAllowed)
    state = .streaming(hub, client)
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: HTTPReply.eventStreamHead)), promise: nil)
    hub.join(client)
  }

  private func finish(_ reply: HTTPReply, _ context: ChannelHandlerContext) {
    state = .draining
    meter.isRefused = true
    let bound = NIOLoopBound((connection: self, context: context), eventLoop: context.eventLoop)
    let linger = core.limits.lingerTime
    restartTimer(core.limits.requestTime, context) { _, context in context.close(promise: nil) }
    let bytes = reply.serialised(allocator: context.channel.allocator)
    let isSecret = reply.secret != nil
    reply.secret?.wipe()
    context.writeAndFlush(wrapOutboundOut(bytes)).whenComplete { result in
      if isSecret { bytes.eraseInPlace() }
      let (connection, context) = bound.value
      guard case .success = result else { return context.close(promise: nil) }
      connection.restartTimer(linger, context) { _, context in context.close(promise: nil) }
      context.close(mode: .output, promise: nil)
    }
  }

  private func restartTimer(
    _ after: TimeAmount, _ context: ChannelHandlerContext,
    _ action: @escaping @Sendable (HTTPConnection, ChannelHandlerContext) -> Void
  ) {
    timer?.cancel()
    let bound = NIOLoopBound((connection: self, context: context), eventLoop: context.eventLoop)
    timer = context.eventLoop.scheduleTask(in: after) { action(bound.value.connection, bound.value.context) }
  }
}

extension ByteBuffer {
  /// Overwrites its bytes where they lie, and not a copy of them, also when others share the memory: for what everybody is done with.
  func eraseInPlace() {
    withUnsafeReadableBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      explicit_bzero(UnsafeMutableRawPointer(mutating: base), bytes.count)
    }
  }
}
