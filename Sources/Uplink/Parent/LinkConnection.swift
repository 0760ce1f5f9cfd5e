import DeviceVocabulary
import Foundation
import NIOCore
import NIOHTTP1
import NIOHTTPCompression
import Station
import StationIdentity
import StationLinkCodec
import StationRuntime

/// One connection of a child: requests one after the other, or a command stream. Lives on its event loop.
final class LinkConnection: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  /// waiting → receiving → answering → waiting …, or receiving → streaming; `closing` takes nothing any more.
  private enum State {
    case waiting
    case receiving(HTTPRequestHead, [UInt8])
    case answering
    case streaming
    case closing
  }

  let core: LinkCore
  private var state = State.waiting
  private var peer: PeerIdentity?
  private var timer: Scheduled<Void>?
  /// Of the request that is being answered: it was HEAD, whose answer has no body; it asked for the connection to end.
  private var isHead = false
  private var isLast = false
  /// Of the bytes that all bodies together may hold.
  private var reserved = 0

  init(core: LinkCore) {
    self.core = core
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if let verified = event as? PeerVerified {
      peer = verified.peer
      guard core.admit(verified.peer.station.text, context.channel) else {
        core.noteRefusal("连接太多 / too many connections of \(verified.peer.station)", from: "\(verified.peer.station)")
        return close(context)
      }
      core.shown(verified.peer)
      restartTimer(core.limits.requestTime, context)
    }
    context.fireUserInboundEventTriggered(event)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch (unwrapInboundIn(data), state) {
    case (.head(let head), .waiting):
      state = .receiving(head, [])
      restartTimer(core.limits.requestTime, context)
    case (.body(let buffer), .receiving(let head, var body)):
      state = .waiting
      guard body.count + buffer.readableBytes <= LinkProtocol.bodyBytes else {
        return refuse(.tooLarge, at: "body", accepted: "at most \(LinkProtocol.bodyBytes) bytes", context)
      }
      let more = LinkLimits.counted(body.count + buffer.readableBytes) - LinkLimits.counted(body.count)
      guard core.reserve(more) else { return refuse(.busy, at: "body", accepted: "try again later", context) }
      reserved += more
      body.append(contentsOf: buffer.readableBytesView)
      state = .receiving(head, body)
    case (.end, .receiving(let head, let body)): dispatch(head, body, context)
    // One request at a time: whoever sends the next before its answer is no child of ours.
    case (.head, .answering), (.head, .streaming): close(context)
    default: break
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch state {
    case .waiting, .receiving: break
    // An answer is under way already, and a second one would be taken for that of another request.
    case .answering, .streaming, .closing: return close(context)
    }
    switch error {
    case NIOHTTPDecompression.DecompressionError.limit:
      refuse(.tooLarge, at: "body", accepted: "at most \(LinkProtocol.bodyBytes) bytes after inflation", context)
    case is NIOHTTPDecompression.DecompressionError, is NIOHTTPDecompression.ExtraDecompressionError:
      refuse(.malformed, at: "body", accepted: "gzip, as content-encoding says", context)
    case is HTTPParserError: refuse(.malformed, at: "request", accepted: "HTTP/1.1", context)
    default: close(context)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    timer?.cancel()
    release()
    state = .closing
    context.fireChannelInactive()
  }

  // MARK: - Requests

  private static let methods: [String: HTTPMethod] = [
    LinkProtocol.hello: .POST, LinkProtocol.events: .POST, LinkProtocol.pulse: .POST, LinkProtocol.readings: .POST,
    LinkProtocol.keys: .POST,
    LinkProtocol.commands: .GET, LinkProtocol.revocations: .GET, LinkProtocol.renew: .POST,
  ]

  private func dispatch(_ head: HTTPRequestHead, _ body: [UInt8], _ context: ChannelHandlerContext) {
    guard let peer else { return close(context) }
    // Revoked or expired since it connected.
    if let refusal = core.tls.refusal(of: peer) {
      core.noteRefusal("\(refusal)", group: refusal.group, from: "\(peer.station)")
      return close(context)
    }
    // The request has been read to its end, so a refusal need not end the connection.
    state = .answering
    isHead = head.method == .HEAD
    isLast = !head.isKeepAlive
    let child = peer.station.text
    guard core.parent.isKnown(child) else {
      return refuse(.unknownStation, at: child, accepted: "a station under children: in this station's site file", context)
    }
    guard head.version == .http1_1 else { return refuse(.malformed, at: "request", accepted: "HTTP/1.1", context) }
    let target = String(head.uri.prefix { $0 != "?" })
    guard let method = Self.methods[target] else {
      let known = Self.methods.keys.sorted().joined(separator: ", ")
      return refuse(.unknownPath, at: String(target.prefix(80)), accepted: known, context)
    }
    guard head.method == method else {
      return refuse(
        .wrongMethod, at: "\(head.method.rawValue) \(target)", accepted: method.rawValue, headers: [("allow", method.rawValue)],
        context)
    }
    guard method != .POST || isReadable(head, target, body, context) else { return }
    switch target {
    case LinkProtocol.hello: hello(child, body, context)
    case LinkProtocol.events: events(child, body, context)
    case LinkProtocol.pulse: pulse(child, head, body, context)
    case LinkProtocol.readings: readings(child, body, context)
    case LinkProtocol.keys: keys(child, body, context)
    case LinkProtocol.renew: renew(peer, body, context)
    case LinkProtocol.revocations: finish(.body(Array(core.tls.revocations.json), type: LinkProtocol.jsonType), context)
    default: stream(child, context)
    }
  }

  /// False: it was refused.
  private func isReadable(_ head: HTTPRequestHead, _ target: String, _ body: [UInt8], _ context: ChannelHandlerContext) -> Bool {
    let accepted =
      switch target {
      case LinkProtocol.events: LinkProtocol.batchType
      case LinkProtocol.renew: LinkProtocol.pemType
      default: LinkProtocol.jsonType
      }
    // Of media types only the name counts, in any case (RFC 9110, 8.3.1).
    let type = head.headers.first(name: "content-type")?.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces).lowercased()
    let coding = head.headers.first(name: "content-encoding")?.lowercased() ?? "gzip"
    if type != accepted {
      refuse(.malformed, at: "content-type", accepted: accepted, context)
    } else if coding != "gzip" {
      refuse(.malformed, at: "content-encoding", accepted: "gzip, or none", context)
    } else if target != LinkProtocol.events, body.count > LinkProtocol.smallBodyBytes {
      // They are read on the event loop, where other children wait meanwhile.
      refuse(.tooLarge, at: "body", accepted: "at most \(LinkProtocol.smallBodyBytes) bytes", context)
    } else {
      return true
    }
    return false
  }

  private func hello(_ child: String, _ body: [UInt8], _ context: ChannelHandlerContext) {
    guard let hello = try? JSONDecoder().decode(LinkHello.self, from: Data(body)) else {
      return refuse(.malformed, at: "body", accepted: "{versions, station, name, program, head}", context)
    }
    guard hello.station == child else { return refuse(.otherStation, at: "station", accepted: child, context) }
    guard hello.versions.contains(LinkProtocol.version) else {
      return refuse(.version, at: "versions", accepted: "\(LinkProtocol.version)", context)
    }
    // Beyond its own end it cannot have dropped anything.
    let oldest = hello.oldest.flatMap { $0.position > hello.head.position ? nil : $0 }
    let parent = core.parent
    let revocations = core.tls.revocations.number
    answer(context) {
      guard let receipt = await parent.greet(child, oldest) else { return .failure(.diskUnavailable) }
      return Self.json(
        LinkWelcome(
          station: parent.station, name: parent.name, receipt: receipt, nowMilliseconds: Self.nowMilliseconds,
          revocations: revocations))
    }
  }

  private func events(_ child: String, _ body: [UInt8], _ context: ChannelHandlerContext) {
    let (parent, gate) = (core.parent, core.gate)
    answer(context) {
      guard body.count > BatchGate.largeBytes else { return await Self.take(body, of: child, parent) }
      return await gate.pass(of: child) { await Self.take(body, of: child, parent) } ?? .failure(.busy)
    }
  }

  private static func take(_ body: [UInt8], of child: String, _ parent: LinkParent) async -> Reply {
    let received: [Received]
    do throws(EventBatch.Mistake) {
      received = try LineEntries().received(body, of: child)
    } catch {
      return .failure(error.refusal, at: error.place, accepted: error.accepted)
    }
    guard let receipt = await parent.receive(child, received) else { return .failure(.diskUnavailable) }
    return json(receipt)
  }

  private func pulse(_ child: String, _ head: HTTPRequestHead, _ body: [UInt8], _ context: ChannelHandlerContext) {
    guard let pulse = try? JSONDecoder().decode(LinkPulse.self, from: Data(body)) else {
      return refuse(.malformed, at: "body", accepted: "{nonce, waiting, paths}", context)
    }
    core.heard(pulse, of: child, path: head.headers.first(name: LinkProtocol.pathHeader) ?? "")
    let answer = LinkPulseAnswer(
      nonce: pulse.nonce, nowMilliseconds: Self.nowMilliseconds, revocations: core.tls.revocations.number)
    finish(Self.json(answer), context)
  }

  private func renew(_ peer: PeerIdentity, _ body: [UInt8], _ context: ChannelHandlerContext) {
    let parent = core.parent
    let now = core.tls.time.now
    answer(context) {
      do {
        let pem = try await parent.renew(peer.station, String(decoding: body, as: UTF8.self), now)
        return .body(Array(pem.utf8), type: LinkProtocol.pemType)
      } catch IdentityError.badRequest {
        return .failure(.malformed, at: "body", accepted: "PKCS#10 with a P-256 key, PEM")
      } catch IdentityError.renewedToday {
        return .failure(
          .tooOften, at: peer.station.text, accepted: "one new certificate a day, or a request with the key of the last")
      } catch {
        parent.log("link: \(peer.station): \(error)")
        return .failure(.diskUnavailable)
      }
    }
  }

  private func stream(_ child: String, _ context: ChannelHandlerContext) {
    state = .streaming
    timer?.cancel()
    var head = HTTPResponseHead(version: .http1_1, status: .ok)
    head.headers.add(name: "content-type", value: "text/event-stream")
    head.headers.add(name: "cache-control", value: "no-store")
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    beat(context)
    core.streams.join(context.channel, of: child)
    _ = core.parent.tell(.childListens(child))
  }

  /// A comment, so that both ends know that the line lives.
  private func beat(_ context: ChannelHandlerContext) {
    context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: ": \n\n")))), promise: nil)
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    timer = context.eventLoop.scheduleTask(in: core.limits.streamBeat) {
      let (connection, context) = bound.value
      guard context.channel.isActive, let peer = connection.peer else { return }
      // What it does not take any more, or may not have any more, ends here.
      guard context.channel.isWritable, connection.core.tls.refusal(of: peer) == nil else { return connection.close(context) }
      connection.beat(context)
    }
  }

  // MARK: - Answers

  enum Reply: Sendable {
    case body([UInt8], type: String)
    case failure(LinkRefusal, at: String, accepted: String)

    static func failure(_ refusal: LinkRefusal) -> Reply { .failure(refusal, at: "station", accepted: "try again later") }
  }

  private static var nowMilliseconds: Int64 { Int64(Date().timeIntervalSince1970 * 1000) }

  static func json(_ value: some Encodable) -> Reply {
    encoded(value).map { .body($0, type: LinkProtocol.jsonType) } ?? .failure(.busy)
  }

  private static func encoded(_ value: some Encodable) -> [UInt8]? {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(value)).map { Array($0) }
  }

  func answer(_ context: ChannelHandlerContext, _ work: @escaping @Sendable () async -> Reply) {
    state = .answering
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    let loop = context.eventLoop
    Task {
      let reply = await work()
      loop.execute {
        let (connection, context) = bound.value
        if case .answering = connection.state { connection.finish(reply, context) }
      }
    }
  }

  private func finish(_ reply: Reply, _ context: ChannelHandlerContext) {
    switch reply {
    case .body(let body, let type): write(.ok, type, body, context)
    case .failure(let refusal, let place, let accepted): refuse(refusal, at: place, accepted: accepted, context)
    }
  }

  private func refuse(
    _ refusal: LinkRefusal, at place: String, accepted: String, headers: [(String, String)] = [], _ context: ChannelHandlerContext
  ) {
    if case .closing = state { return }
    // What may still come of a body that was not read to its end is not read: the connection ends.
    if case .answering = state {} else { isLast = true }
    let body = Self.encoded(LinkProblem(refusal, at: place, accepted: accepted, title: refusal.text)) ?? []
    let wait = refusal.retryAfterSeconds.map { [("retry-after", "\($0)")] } ?? []
    write(refusal.status, "application/problem+json", body, headers: headers + wait, context)
  }

  private func write(
    _ status: HTTPResponseStatus, _ type: String, _ body: [UInt8], headers: [(String, String)] = [],
    _ context: ChannelHandlerContext
  ) {
    release()
    var head = HTTPResponseHead(version: .http1_1, status: status)
    head.headers.add(name: "content-type", value: type)
    head.headers.add(name: "content-length", value: "\(body.count)")
    head.headers.add(contentsOf: headers)
    if isLast { head.headers.add(name: "connection", value: "close") }
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    if !isHead { context.write(wrapOutboundOut(.body(.byteBuffer(context.channel.allocator.buffer(bytes: body)))), promise: nil) }
    let sent = context.writeAndFlush(wrapOutboundOut(.end(nil)))
    if isLast {
      state = .closing
      let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
      sent.whenComplete { _ in bound.value.close(promise: nil) }
    } else {
      state = .waiting
      restartTimer(core.limits.idleTime, context)
    }
  }

  private func release() {
    core.release(reserved)
    reserved = 0
  }

  private func close(_ context: ChannelHandlerContext) {
    state = .closing
    context.close(promise: nil)
  }

  private func restartTimer(_ after: TimeAmount, _ context: ChannelHandlerContext) {
    timer?.cancel()
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    timer = context.eventLoop.scheduleTask(in: after) {
      let (connection, context) = bound.value
      // An answer that is being made is not the child's fault.
      if case .answering = connection.state { return }
      connection.close(context)
    }
  }
}

extension LinkRefusal {
  var status: HTTPResponseStatus {
    switch self {
    case .malformed: .badRequest
    case .tooLarge: .payloadTooLarge
    case .version: .unprocessableEntity
    case .otherStation, .unknownStation: .forbidden
    case .unknownPath: .notFound
    case .wrongMethod: .methodNotAllowed
    case .diskUnavailable, .busy: .serviceUnavailable
    case .tooOften: .tooManyRequests
    }
  }

  /// When it is worth trying again.
  var retryAfterSeconds: Int? {
    switch self {
    case .diskUnavailable, .busy: 2
    case .tooOften: 86_400
    default: nil
    }
  }

  /// Chinese first.
  var text: String {
    switch self {
    case .malformed: "内容不对 / the content is wrong"
    case .tooLarge: "内容太大 / the content is too large"
    case .version: "协议版本不同,请升级程序 / another version of the protocol: upgrade the program"
    case .otherStation: "证书属于另一个站点 / the certificate is of another station"
    case .unknownStation: "上级的站点文件里没有这个站点,请在其 children: 下登记 / the parent's site file has no such station under children:"
    case .unknownPath: "没有这个地址 / there is no such address"
    case .wrongMethod: "这个地址不接受这种方法 / this address does not take this method"
    case .diskUnavailable: "上级的磁盘暂时写不进 / the parent's disk takes nothing now"
    case .busy: "上级太忙,请稍后再试 / the parent is busy, try again later"
    case .tooOften: "太频繁,请明天再试 / too often, try again tomorrow"
    }
  }
}
