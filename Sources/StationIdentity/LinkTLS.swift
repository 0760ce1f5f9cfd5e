import Foundation
import NIOConcurrencyHelpers
import NIOCore
import NIOSSL
import X509

/// TLS of the line between stations, for both ends: version 1.3 only, both sides show a certificate, `PeerCheck` decides.
///
/// The files of the store are looked at once a second, on a queue of their own (four `stat` calls), so that a disk that hangs stops no
/// connection: a renewed certificate or a newer revocation list holds for what connects a second later. Connections that stand are asked
/// about with `refusal(of:)`.
public final class LinkTLS: Sendable {
  public typealias Refused = @Sendable (_ refusal: PeerRefusal, _ from: SocketAddress?) -> Void

  private struct Loaded: Sendable {
    var identity: StationIdentity
    var server: NIOSSLContext
    var client: NIOSSLContext
    var stamps: [SecureFiles.Stamp]
    var problem: IdentityError?
  }

  public let store: IdentityStore
  private let newestJournalTime: @Sendable () -> Date?
  private let clock: @Sendable () -> Date
  private let handshakeTime: TimeAmount
  private let loaded: NIOLockedValueBox<Loaded>
  private let looking = DispatchQueue(label: "linli.certificates", qos: .utility)

  static let lookInterval = 1.0

  /// - Parameters:
  ///   - newestJournalTime: the last time in the journal that came from a synchronised clock; called on event loops, must not wait.
  ///   - clock: the wall clock; another one in tests.
  ///   - handshakeTime: after this a peer that was not verified is cut. A slow line takes two seconds.
  /// - Throws: what `IdentityStore.load` throws, `.tls`.
  public init(
    store: IdentityStore, newestJournalTime: @escaping @Sendable () -> Date? = { nil },
    clock: @escaping @Sendable () -> Date = { Date() }, handshakeTime: TimeAmount = .seconds(10)
  ) throws(IdentityError) {
    self.store = store
    self.handshakeTime = handshakeTime
    self.newestJournalTime = newestJournalTime
    self.clock = clock
    loaded = NIOLockedValueBox(try Self.load(store))
    lookLater()
  }

  private func lookLater() {
    looking.asyncAfter(deadline: .now() + Self.lookInterval) { [weak self] in
      self?.look()
      self?.lookLater()
    }
  }

  /// The own certificate, as the next connection will show it.
  public var own: PeerIdentity { current().identity.own }

  /// The list that new connections are checked against.
  public var revocations: RevocationList { current().identity.revocations }

  /// Why files that changed are not used; the ones before stay in use. `nil` when all is well.
  public var problem: IdentityError? { current().problem }

  /// The time that certificates are checked at.
  public var time: LinkTime { time(current().identity) }

  /// What speaks against this computer's clock.
  public var clockDoubt: ClockDoubt? {
    let identity = current().identity
    return time(identity).doubt(own: identity.own)
  }

  private func time(_ identity: StationIdentity) -> LinkTime {
    // A clock that once was far ahead left such a time behind: this station did not live to the end of its own certificate.
    let journal = newestJournalTime().flatMap { $0 <= identity.own.notAfter ? $0 : nil }
    return LinkTime(clock: clock(), newestJournalTime: journal, heldSince: identity.heldSince)
  }

  /// Why a connection that was good must end now: revoked or expired since. To be asked at every heartbeat and after a new list.
  public func refusal(of peer: PeerIdentity) -> PeerRefusal? {
    if current().identity.revocations.serials.contains(peer.serial) { return .revoked(peer.serial) }
    let now = time.now
    return now > peer.notAfter ? .expired(since: peer.notAfter, now: now) : nil
  }

  /// Puts TLS in front of everything else in a channel that was accepted. On the channel's event loop, before other handlers are added.
  ///
  /// Handlers that follow get a `PeerVerified` event before any byte, and `PeerRefusal` as an error when there will be none.
  ///
  /// - Parameter refused: called for every peer that is turned away.
  public func addServerHandlers(to channel: any Channel, refused: @escaping Refused = { _, _ in }) throws {
    let gate = gate(expected: nil, refused: refused)
    let tls = NIOSSLServerHandler(context: current().server, customVerificationCallback: gate.callback)
    try channel.pipeline.syncOperations.addHandlers([tls, gate])
  }

  /// The same for a channel that was opened to a parent.
  ///
  /// - Parameter station: the only station that will do; `nil` for the parent that was joined, whose name the store has (or for any of the
  ///   same authority when it has none).
  public func addClientHandlers(
    to channel: any Channel, expecting station: StationName? = nil, refused: @escaping Refused = { _, _ in }
  ) throws {
    let gate = gate(expected: station ?? current().identity.parent, refused: refused)
    // No server name: stations are known by the name in their certificate, not by an address.
    let tls = try NIOSSLClientHandler(
      context: current().client, serverHostname: nil, customVerificationCallback: gate.callback)
    try channel.pipeline.syncOperations.addHandlers([tls, gate])
  }

  private func gate(expected: StationName?, refused: @escaping Refused) -> PeerGate {
    PeerGate(handshakeTime: handshakeTime, refused: refused) { chain in
      // Asked for at the time of the check: a revocation may have come since the connection was opened.
      let identity = self.current().identity
      let time = self.time(identity)
      let found = PeerCheck.check(
        chain: chain, root: identity.root, revocations: identity.revocations, time: time, expected: expected)
      switch found {
      case .failure(.expired), .failure(.notYetValid):
        return time.doubt(own: identity.own).map { .failure(.ownClock($0)) } ?? found
      default: return found
      }
    }
  }

  private func current() -> Loaded { loaded.withLockedValue { $0 } }

  /// Reads the files when they have changed; waits for the disk. For whoever has just changed them himself: what is new holds at once.
  public func look() {
    let stamps = Self.stamps(store)
    guard stamps != loaded.withLockedValue({ $0.stamps }) else { return }
    do throws(IdentityError) {
      let new = try Self.load(store)
      loaded.withLockedValue { $0 = new }
    } catch {
      // Half of an exchange by hand, or damage: calls must still pass, with what was good until now.
      loaded.withLockedValue {
        $0.problem = error
        $0.stamps = stamps
      }
    }
  }

  private static func stamps(_ store: IdentityStore) -> [SecureFiles.Stamp] {
    [store.authorityFile, store.certificateFile, store.keyFile, store.revocationFile].map { SecureFiles.Stamp($0) }
  }

  private static func load(_ store: IdentityStore) throws(IdentityError) -> Loaded {
    // Before reading: what is replaced meanwhile is read again.
    let stamps = stamps(store)
    let identity = try store.load()
    let material = try TLSMaterial(identity)
    return Loaded(identity: identity, server: try material.server, client: try material.client, stamps: stamps)
  }
}

/// TLS contexts of one identity.
struct TLSMaterial {
  let certificate: NIOSSLCertificate
  let authority: NIOSSLCertificate
  let key: NIOSSLPrivateKey

  init(_ identity: StationIdentity) throws(IdentityError) {
    try self.init(certificate: identity.certificateDER, authority: identity.authorityDER, keyPEM: identity.keyPEM)
  }

  init(certificate: Data, authority: Data, keyPEM: String) throws(IdentityError) {
    do {
      self.certificate = try NIOSSLCertificate(bytes: Array(certificate), format: .der)
      self.authority = try NIOSSLCertificate(bytes: Array(authority), format: .der)
      key = try NIOSSLPrivateKey(bytes: Array(keyPEM.utf8), format: .pem)
    } catch {
      throw .tls("\(error)")
    }
  }

  var server: NIOSSLContext {
    get throws(IdentityError) {
      var configuration = TLSConfiguration.makeServerConfigurationWithMTLS(
        certificateChain: [.certificate(certificate)], privateKey: .privateKey(key), trustRoots: .certificates([authority]))
      configuration.sendCANameList = true
      return try Self.context(configuration)
    }
  }

  var client: NIOSSLContext {
    get throws(IdentityError) {
      var configuration = TLSConfiguration.makeClientConfiguration()
      configuration.certificateChain = [.certificate(certificate)]
      configuration.privateKey = .privateKey(key)
      configuration.trustRoots = .certificates([authority])
      configuration.certificateVerification = .noHostnameVerification
      return try Self.context(configuration)
    }
  }

  /// For enrolment: nobody is asked for a certificate, and the authority's own is sent along, as the code is checked against it.
  var openServer: NIOSSLContext {
    get throws(IdentityError) {
      try Self.context(
        TLSConfiguration.makeServerConfiguration(
          certificateChain: [.certificate(certificate), .certificate(authority)], privateKey: .privateKey(key)))
    }
  }

  static func context(_ configuration: TLSConfiguration) throws(IdentityError) -> NIOSSLContext {
    var configuration = configuration
    configuration.minimumTLSVersion = .tlsv13
    configuration.maximumTLSVersion = .tlsv13
    configuration.shutdownTimeout = .seconds(2)
    do { return try NIOSSLContext(configuration: configuration) } catch { throw .tls("\(error)") }
  }
}
