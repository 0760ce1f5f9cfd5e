import Foundation
import SwiftASN1
import X509

/// Who a certificate says its holder is.
public struct PeerIdentity: Sendable, Hashable {
  public var station: StationName
  public var serial: Serial
  public var notBefore: Date
  public var notAfter: Date

  /// A month is enough to send somebody.
  public static let warningDays = 30
  /// A station asks its parent for the next certificate so long before the end, and the desks hear of it when that did not work.
  public static let renewalDays = 60

  /// Whole days until the certificate ends, rounded down; negative when it has ended.
  public func daysLeft(at now: Date) -> Int {
    let days = (notAfter.timeIntervalSince(now) / 86_400).rounded(.down)
    return days.isFinite ? Int(max(-1_000_000, min(1_000_000, days))) : -1_000_000
  }

  /// What the duty desks show from `warningDays` before the end; `nil` before that.
  public func expiryWarning(at now: Date) -> (chinese: String, english: String)? {
    let days = daysLeft(at: now)
    guard days < Self.warningDays else { return nil }
    return now > notAfter
      ? ("站点 \(station) 的证书已过期,请更新", "the certificate of \(station) has expired: renew it")
      : ("站点 \(station) 的证书还有 \(days) 天到期,请更新", "the certificate of \(station) ends in \(days) days: renew it")
  }
}

/// Why a peer is not spoken with. Chinese first, then English.
public enum PeerRefusal: Error, Sendable, Equatable, CustomStringConvertible {
  case noCertificate
  /// What was sent is no certificate of a station: unreadable, an authority's own, or with demands that nobody here knows.
  case brokenChain(String)
  /// Signed by somebody else.
  case foreign
  case revoked(Serial)
  case notYetValid(from: Date, now: Date)
  case expired(since: Date, now: Date)
  case noName
  /// A good certificate, of another station than the one that was expected.
  case otherStation(expected: StationName, found: StationName)
  /// The certificate is out of its time by this computer's clock, and what this station holds says that the clock is what is wrong.
  case ownClock(ClockDoubt)

  /// For logs, counters and messages.
  public var code: String {
    switch self {
    case .noCertificate: "noCertificate"
    case .brokenChain: "brokenChain"
    case .foreign: "foreign"
    case .revoked: "revoked"
    case .notYetValid: "notYetValid"
    case .expired: "expired"
    case .noName: "noName"
    case .otherStation: "otherStation"
    case .ownClock: "ownClock"
    }
  }

  /// The same for every try of one certificate, whatever time it is: by this a log groups what it says.
  public var group: String {
    switch self {
    case .notYetValid(let from, _): "notYetValid \(from.timeIntervalSince1970)"
    case .expired(let since, _): "expired \(since.timeIntervalSince1970)"
    case .ownClock: code
    default: description
    }
  }

  public var chinese: String {
    switch self {
    case .noCertificate: "对方没有出示证书"
    case .brokenChain(let reason): "对方的证书不能用(\(reason))"
    case .foreign: "对方的证书不是本系统的证书机构签发的:地址可能指到了别的系统;上级重建过证书机构就要重新接入(linli enroll --replace)"
    case .revoked(let serial): "对方的证书(序列号 \(serial))已被吊销"
    case .notYetValid(let from, let now):
      "对方的证书 \(from.localText) 才生效,而本机时间是 \(now.localText):请核对两边的时钟,不对的设好(\(ClockDoubt.howToSet))"
    case .expired(let since, let now):
      "对方的证书 \(since.localText) 已过期,本机时间是 \(now.localText):本机时钟不对就设好(\(ClockDoubt.howToSet)),对就更新对方的证书"
    case .noName: "对方的证书里没有站名:端口可能写成了接入用的 8464,站点之间用 8463"
    case .otherStation(let expected, let found): "对方是站点 \(found),应为 \(expected):核对地址;要换到新上级就重新接入(linli enroll --replace)"
    case .ownClock(let doubt): doubt.chinese
    }
  }

  public var english: String {
    switch self {
    case .noCertificate: "the peer showed no certificate"
    case .brokenChain(let reason): "the peer's certificate cannot be used (\(reason))"
    case .foreign:
      "the peer's certificate was not issued by this system's authority: the address may be another system's; if the parent made a new "
        + "authority, join again (linli enroll --replace)"
    case .revoked(let serial): "the peer's certificate, serial \(serial), was revoked"
    case .notYetValid(let from, let now):
      "the peer's certificate is valid from \(from.localText) on, and this computer says it is \(now.localText): compare both clocks and "
        + "set the wrong one (\(ClockDoubt.howToSet))"
    case .expired(let since, let now):
      "the peer's certificate ended at \(since.localText), and this computer says it is \(now.localText): set this clock if it is wrong "
        + "(\(ClockDoubt.howToSet)), else renew the peer's certificate"
    case .noName: "the peer's certificate names no station: the port may be 8464, which is for joining; the line has 8463"
    case .otherStation(let expected, let found):
      "the peer is station \(found), expected was \(expected): check the address; to change to another parent join again (linli enroll "
        + "--replace)"
    case .ownClock(let doubt): doubt.english
    }
  }

  public var description: String { "\(chinese) / \(english)" }
}

/// Decides whether a certificate is good. Pure: the same arguments give the same answer.
///
/// An authority signs stations directly, so there is exactly one signature to check and no path to search for; whatever else a peer
/// sends along is not looked at.
public enum PeerCheck {
  /// - Parameters:
  ///   - chain: certificates in DER as the peer sent them, its own first.
  ///   - root: the authority's certificate in DER.
  ///   - expected: the only station that will do; `nil` for any of this authority.
  public static func check(
    chain: [Data], root: Data, revocations: RevocationList?, time: LinkTime, expected: StationName? = nil
  ) -> Result<PeerIdentity, PeerRefusal> {
    guard let authority = try? Certificate(derEncoded: Array(root)) else { return .failure(.foreign) }
    return check(chain: chain, root: authority, revocations: revocations, time: time, expected: expected)
  }

  static func check(
    chain: [Data], root: Certificate, revocations: RevocationList?, time: LinkTime, expected: StationName? = nil,
    role: StationName.Role = .station
  ) -> Result<PeerIdentity, PeerRefusal> {
    guard let first = chain.first else { return .failure(.noCertificate) }
    guard let leaf = try? Certificate(derEncoded: Array(first)) else { return .failure(.brokenChain("no certificate")) }
    guard leaf.issuer == root.subject, root.publicKey.isValidSignature(leaf.signature, for: leaf) else {
      return .failure(.foreign)
    }
    if let reason = unfit(leaf) { return .failure(.brokenChain(reason)) }
    let serial = Serial(bytes: leaf.serialNumber.bytes)
    if let revocations, revocations.serials.contains(serial) { return .failure(.revoked(serial)) }
    let now = time.now
    for certificate in [root, leaf] {
      if now < certificate.notValidBefore { return .failure(.notYetValid(from: certificate.notValidBefore, now: now)) }
      if now > certificate.notValidAfter { return .failure(.expired(since: certificate.notValidAfter, now: now)) }
    }
    guard let name = name(leaf, role) else { return .failure(.noName) }
    if let expected, name != expected { return .failure(.otherStation(expected: expected, found: name)) }
    return .success(
      PeerIdentity(station: name, serial: serial, notBefore: leaf.notValidBefore, notAfter: leaf.notValidAfter))
  }

  /// The one station of a certificate: with two names its holder could choose.
  private static func name(_ certificate: Certificate, _ role: StationName.Role) -> StationName? {
    guard let names = try? certificate.extensions.subjectAlternativeNames, names.count == 1,
      case .uniformResourceIdentifier(let uri)? = names.first
    else { return nil }
    return StationName(uri: uri, role: role)
  }

  private static let known: Set<ASN1ObjectIdentifier> = [
    .X509ExtensionID.basicConstraints, .X509ExtensionID.keyUsage, .X509ExtensionID.extendedKeyUsage,
    .X509ExtensionID.subjectAlternativeName, .X509ExtensionID.subjectKeyIdentifier, .X509ExtensionID.authorityKeyIdentifier,
  ]

  /// Our authority issues nothing of the kind; another program with the same key might.
  private static func unfit(_ leaf: Certificate) -> String? {
    // RFC 5280, 4.2: what is critical and not understood must not be accepted.
    if leaf.extensions.contains(where: { $0.critical && !known.contains($0.oid) }) { return "unknown critical extension" }
    do {
      if case .isCertificateAuthority? = try leaf.extensions.basicConstraints { return "an authority's own certificate" }
      guard let usage = try leaf.extensions.keyUsage, usage.digitalSignature else { return "not made for signing" }
    } catch {
      return "unreadable extension"
    }
    return nil
  }
}
