import Foundation
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import NIOSSL
import Testing

@testable import StationIdentity

/// A server behind `LinkTLS` that tells each verified peer its name, and clients of every kind.
final class LinkRig {
  let tls: LinkTLS
  let port: Int
  private let listener: any Channel
  private let seen = NIOLockedValueBox<[PeerRefusal]>([])

  /// What the server turned away, in order.
  var refusals: [PeerRefusal] { seen.withLockedValue { $0 } }

  init(
    _ store: IdentityStore, clock: @escaping @Sendable () -> Date, journal: Date? = nil, handshakeTime: TimeAmount = .seconds(10)
  ) async throws {
    let tls = try LinkTLS(store: store, newestJournalTime: { journal }, clock: clock, handshakeTime: handshakeTime)
    self.tls = tls
    let seen = seen
    listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try tls.addServerHandlers(to: channel) { refusal, _ in seen.withLockedValue { $0.append(refusal) } }
          try channel.pipeline.syncOperations.addHandler(Greeter())
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    port = try #require(listener.localAddress?.port)
  }

  /// The same, once so many are there: a client sees the alert a moment before the server says whom it refused.
  func refusals(_ count: Int) async throws -> [PeerRefusal] {
    for _ in 0..<2000 where refusals.count < count { try await Task.sleep(for: .milliseconds(5)) }
    return refusals
  }

  func stop() async throws { try await listener.close() }

  enum Outcome: Equatable {
    case greeted(String)
    case refused(PeerRefusal)
    case refusedByPeer
    case failed(String)

    var isRefusedByPeer: Bool { self == .refusedByPeer }
  }

  /// Another station with its own `LinkTLS`.
  func connect(_ store: IdentityStore, clock: Date, journal: Date? = nil, expecting: StationName? = nil) async throws -> Outcome {
    let tls = try LinkTLS(store: store, newestJournalTime: { journal }, clock: { clock })
    return try await open { try tls.addClientHandlers(to: $0, expecting: expecting) }
  }

  /// A client that accepts any server: what the server does with it is what is tested.
  func connectBlindly(_ store: IdentityStore?) async throws -> Outcome {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.certificateVerification = .none
    if let store {
      let identity = try store.load()
      configuration.certificateChain = [.certificate(try NIOSSLCertificate(bytes: Array(identity.certificateDER), format: .der))]
      configuration.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: Array(identity.keyPEM.utf8), format: .pem))
    }
    let context = try NIOSSLContext(configuration: configuration)
    return try await open {
      try $0.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: context, serverHostname: nil))
    }
  }

  private func open(_ prepare: @escaping @Sendable (any Channel) throws -> Void) async throws -> Outcome {
    let promise = MultiThreadedEventLoopGroup.singleton.next().makePromise(of: Outcome.self)
    let connecting = ClientBootstrap(group: promise.futureResult.eventLoop)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try prepare(channel)
          try channel.pipeline.syncOperations.addHandler(Listener(promise))
        }
      }
      .connect(host: "127.0.0.1", port: port)
    connecting.whenFailure { promise.fail($0) }
    return try await promise.futureResult.get()
  }
}

private final class Greeter: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard let verified = event as? PeerVerified else { return }
    // Both ways for a caller to learn who it is agree.
    let same = context.pipeline.syncOperations.verifiedPeer() == verified.peer
    let text = ByteBuffer(string: same ? verified.peer.station.text : "two answers")
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    context.writeAndFlush(wrapOutboundOut(text)).assumeIsolated().whenComplete { _ in bound.value.close(promise: nil) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

private final class Listener: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let promise: EventLoopPromise<LinkRig.Outcome>
  private var outcome: LinkRig.Outcome?
  private var text = ""

  init(_ promise: EventLoopPromise<LinkRig.Outcome>) { self.promise = promise }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) { text += String(buffer: unwrapInboundIn(data)) }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error {
    case let refusal as PeerRefusal: outcome = outcome ?? .refused(refusal)
    case is RefusedByPeer: outcome = outcome ?? .refusedByPeer
    // A peer may end a connection without TLS's own goodbye.
    case NIOSSLError.uncleanShutdown: break
    default: outcome = outcome ?? ("\(error)".contains("ALERT") ? .refusedByPeer : .failed("\(error)"))
    }
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    promise.succeed(outcome ?? (text.isEmpty ? .failed("closed") : .greeted(text)))
  }
}
