import Foundation
import NIOCore
import NIOSSL
import NIOTLS

/// Fired to the handlers behind TLS, before any byte of the peer: who it is.
public struct PeerVerified: Sendable, Equatable {
  public var peer: PeerIdentity
}

/// The peer closed the line because it does not want our certificate. In TLS 1.3 a client learns this only after its own handshake.
public struct RefusedByPeer: Error, Sendable, Equatable, CustomStringConvertible {
  /// The name of the TLS alert.
  public var alert: String

  public var description: String {
    alert.contains("REQUIRED")
      ? "对方要求证书而本站没有出示 / the peer demands a certificate and got none (\(alert))"
      : "对方不接受本站的证书:可能已吊销、过期,或属于别的证书机构,也可能对方的时钟错了 / the peer does not accept this station's certificate: "
        + "revoked, expired, or of another authority, or the peer's clock is wrong (\(alert))"
  }
}

/// Nothing was heard in time while the line was being set up.
public struct HandshakeTooSlow: Error, Sendable, Equatable {}

/// Sits behind the TLS handler: lets nothing through before the peer was verified, says who it is, and turns the TLS library's errors
/// into refusals.
public final class PeerGate: ChannelInboundHandler {
  public typealias InboundIn = NIOAny
  public typealias InboundOut = NIOAny

  /// waiting → open | shut; nothing leaves `shut`.
  private enum State {
    case waiting
    case open(PeerIdentity)
    case shut
  }

  private let handshakeTime: TimeAmount
  private let check: (_ chain: [Data]) -> Result<PeerIdentity, PeerRefusal>
  private let refused: LinkTLS.Refused
  private var state = State.waiting
  private var refusal: PeerRefusal?
  private var timer: Scheduled<Void>?

  init(
    handshakeTime: TimeAmount, refused: @escaping LinkTLS.Refused,
    check: @escaping (_ chain: [Data]) -> Result<PeerIdentity, PeerRefusal>
  ) {
    self.handshakeTime = handshakeTime
    self.refused = refused
    self.check = check
  }

  /// The verified peer; `nil` before the handshake has ended and after a refusal.
  public var peer: PeerIdentity? { if case .open(let peer) = state { peer } else { nil } }

  /// For the TLS handler: called on the event loop, during the handshake, so that a refusal is an alert that the peer sees.
  var callback: NIOSSLCustomVerificationCallback {
    { certificates, promise in
      switch self.check(certificates.map { Data((try? $0.toDERBytes()) ?? []) }) {
      case .success: promise.succeed(.certificateVerified)
      case .failure(let refusal):
        self.refusal = refusal
        promise.succeed(.failed)
      }
    }
  }

  public func handlerAdded(context: ChannelHandlerContext) { if context.channel.isActive { startTimer(context) } }

  public func channelActive(context: ChannelHandlerContext) {
    startTimer(context)
    context.fireChannelActive()
  }

  public func channelInactive(context: ChannelHandlerContext) {
    timer?.cancel()
    state = .shut
    context.fireChannelInactive()
  }

  public func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

  public func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .handshakeCompleted? = event as? TLSUserEvent, case .waiting = state {
      timer?.cancel()
      // Once more, from the finished session: one that is resumed skips the callback, and with it a revocation.
      let certificate = (try? context.pipeline.syncOperations.nioSSL_peerCertificate()) ?? nil
      switch check(certificate.flatMap { try? $0.toDERBytes() }.map { [Data($0)] } ?? []) {
      case .success(let peer):
        state = .open(peer)
        context.fireUserInboundEventTriggered(PeerVerified(peer: peer))
      case .failure(let refusal): return shut(refusal, context)
      }
    }
    context.fireUserInboundEventTriggered(event)
  }

  public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if case .open = state { context.fireChannelRead(data) }
  }

  public func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if case .shut = state { return }
    // The library's errors carry their names as text only.
    let text = "\(error)"
    if case .waiting = state, let refusal {
      shut(refusal, context)
    } else if case .waiting = state, text.contains("PEER_DID_NOT_RETURN_A_CERTIFICATE") {
      shut(.noCertificate, context)
    } else if let alert = Self.certificateAlert(text) {
      shut(error: RefusedByPeer(alert: alert), context)
    } else {
      context.fireErrorCaught(error)
    }
  }

  private static func certificateAlert(_ text: String) -> String? {
    [
      "CERTIFICATE_REQUIRED", "CERTIFICATE_UNKNOWN", "BAD_CERTIFICATE", "CERTIFICATE_REVOKED", "CERTIFICATE_EXPIRED",
      "UNKNOWN_CA",
    ]
    .first { text.contains("ALERT_\($0)") }
  }

  private func startTimer(_ context: ChannelHandlerContext) {
    guard timer == nil, case .waiting = state else { return }
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    timer = context.eventLoop.assumeIsolated().scheduleTask(in: handshakeTime) {
      if case .waiting = self.state { self.shut(error: HandshakeTooSlow(), bound.value) }
    }
  }

  private func shut(_ refusal: PeerRefusal, _ context: ChannelHandlerContext) {
    refused(refusal, context.remoteAddress)
    shut(error: refusal, context)
  }

  private func shut(error: any Error, _ context: ChannelHandlerContext) {
    state = .shut
    timer?.cancel()
    context.fireErrorCaught(error)
    context.close(promise: nil)
  }
}

extension Channel {
  /// Who the other end of a channel is that `LinkTLS` set up; `nil` before the handshake has ended, and without TLS.
  public func verifiedPeer() -> EventLoopFuture<PeerIdentity?> {
    eventLoop.submit { (try? self.pipeline.syncOperations.handler(type: PeerGate.self))?.peer }
  }
}

extension ChannelPipeline.SynchronousOperations {
  /// The same from within the event loop.
  public func verifiedPeer() -> PeerIdentity? { (try? handler(type: PeerGate.self))?.peer }
}
