import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOTLS

/// Joins a parent over HTTPS: connects, checks the server against the code, and only then sends the request.
public struct EnrolmentClient: Sendable {
  public var host: String
  public var port: Int
  /// For the whole of it.
  public var time: TimeAmount

  public init(host: String, port: Int, time: TimeAmount = .seconds(15)) {
    self.host = host
    self.port = port
    self.time = time
  }

  /// - Parameter now: this station's clock, for checking the server's certificate.
  /// - Returns: the parent's name and the new identity, which is stored.
  /// - Throws: `.cannotConnect`; `.refused` when the server is not the one that the code came from; `.notAdmitted` with the server's
  ///   reason; `.badAnswer`, `.notOurs`, `.disk`.
  public func join(_ applicant: EnrolmentApplicant, at now: Date = Date()) async throws(IdentityError)
    -> (parent: StationName, own: PeerIdentity)
  {
    let body = PlainJSON.data(try applicant.request())
    let outcome = try await exchange(body) { applicant.check(chain: $0, at: now) }
    guard let answer = try? PlainJSON.value(EnrolmentAnswer.self, outcome.body) else {
      throw .badAnswer("HTTP \(outcome.status), \(outcome.body.count) bytes")
    }
    return try applicant.accept(answer, from: outcome.parent)
  }

  struct Outcome: Sendable {
    var status: Int
    var body: Data
    var parent: EnrolmentApplicant.Parent
  }

  private func exchange(_ body: Data, check: @escaping @Sendable ([Data]) -> Result<EnrolmentApplicant.Parent, PeerRefusal>)
    async throws(IdentityError) -> Outcome
  {
    var configuration = TLSConfiguration.makeClientConfiguration()
    // The callback alone decides; there is nothing to trust yet but the code.
    configuration.certificateVerification = .noHostnameVerification
    configuration.trustRoots = .certificates([])
    let context = try TLSMaterial.context(configuration)
    let promise = MultiThreadedEventLoopGroup.singleton.next().makePromise(of: Outcome.self)
    let (host, port, time) = (host, port, time)
    let connection = ClientBootstrap(group: promise.futureResult.eventLoop)
      .connectTimeout(time)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let asking = EnrolmentAsking(host: host, body: body, time: time, promise: promise, check: check)
          let sync = channel.pipeline.syncOperations
          try sync.addHandler(
            NIOSSLClientHandler(context: context, serverHostname: nil, customVerificationCallback: asking.callback))
          try sync.addHTTPClientHandlers()
          try sync.addHandler(asking)
        }
      }
      .connect(host: host, port: port)
    connection.whenFailure { promise.fail($0) }
    do {
      return try await promise.futureResult.get()
    } catch let refusal as PeerRefusal {
      throw .refused(refusal)
    } catch let error as IdentityError {
      throw error
    } catch {
      throw .cannotConnect(ConnectFailure(error, host: host, port: port))
    }
  }
}

private final class EnrolmentAsking: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundOut = HTTPClientRequestPart

  private let host: String
  private let body: Data
  private let time: TimeAmount
  private let promise: EventLoopPromise<EnrolmentClient.Outcome>
  private let check: ([Data]) -> Result<EnrolmentApplicant.Parent, PeerRefusal>
  private var verdict: Result<EnrolmentApplicant.Parent, PeerRefusal> = .failure(.noCertificate)
  private var status = 0
  private var received = Data()
  private var isSent = false
  private var timer: Scheduled<Void>?

  init(
    host: String, body: Data, time: TimeAmount, promise: EventLoopPromise<EnrolmentClient.Outcome>,
    check: @escaping ([Data]) -> Result<EnrolmentApplicant.Parent, PeerRefusal>
  ) {
    self.host = host
    self.body = body
    self.time = time
    self.promise = promise
    self.check = check
  }

  var callback: NIOSSLCustomVerificationCallback {
    { certificates, promise in
      self.verdict = self.check(certificates.map { Data((try? $0.toDERBytes()) ?? []) })
      if case .success = self.verdict { promise.succeed(.certificateVerified) } else { promise.succeed(.failed) }
    }
  }

  func channelActive(context: ChannelHandlerContext) {
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    timer = context.eventLoop.assumeIsolated().scheduleTask(in: time) {
      self.end(.failure(ChannelError.connectTimeout(self.time)), bound.value)
    }
    context.fireChannelActive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .handshakeCompleted? = event as? TLSUserEvent, !isSent, case .success = verdict {
      isSent = true
      let headers: HTTPHeaders = [
        "host": host, "content-type": "application/json", "content-length": "\(body.count)", "connection": "close",
      ]
      let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: EnrolmentRequest.path, headers: headers)
      context.write(wrapOutboundOut(.head(head)), promise: nil)
      context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
    context.fireUserInboundEventTriggered(event)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): status = Int(head.status.code)
    case .body(let part):
      guard received.count + part.readableBytes <= EnrolmentRequest.largestAnswerBytes else {
        return end(.failure(IdentityError.badAnswer("too long")), context)
      }
      received.append(contentsOf: part.readableBytesView)
    case .end:
      end(verdict.map { EnrolmentClient.Outcome(status: status, body: received, parent: $0) }.mapError { $0 }, context)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if case .failure(let refusal) = verdict, refusal != .noCertificate { return end(.failure(refusal), context) }
    end(.failure(error), context)
  }

  func channelInactive(context: ChannelHandlerContext) {
    // Before its handshake ended, it may be no station at all.
    end(.failure(isSent ? IdentityError.badAnswer("the connection ended before an answer") : ChannelError.eof), context)
  }

  private func end(_ result: Result<EnrolmentClient.Outcome, any Error>, _ context: ChannelHandlerContext) {
    timer?.cancel()
    // A promise that is completed already takes no second result.
    promise.completeWith(result)
    context.close(promise: nil)
  }
}
