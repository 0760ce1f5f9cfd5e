import Foundation

/// One certificate of an authority's list.
public struct IssuedCertificate: Sendable, Equatable, Codable {
  public var serial: Serial
  public var station: StationName
  public var issuedAt: Date
  public var notBefore: Date
  public var notAfter: Date
  public var revokedAt: Date?
  /// The certificate that renewed this one; both are good until they end.
  public var renewedBy: Serial?
  /// SHA-256 of its public key, in hexadecimal.
  public var keyHash: String
  /// With the line ends of PEM.
  public var pem: String

  public enum Status: String, Sendable { case valid, renewed, expired, revoked }

  /// What a peer that shows it is taken for.
  public var identity: PeerIdentity {
    PeerIdentity(station: station, serial: serial, notBefore: notBefore, notAfter: notAfter)
  }

  public func status(at now: Date) -> Status {
    if revokedAt != nil { return .revoked }
    if now > notAfter { return .expired }
    return renewedBy == nil ? .valid : .renewed
  }
}

/// `issued.json`: everything about an authority that changes, in one file, so that no two files can disagree.
struct AuthorityRecord: Codable, Equatable {
  var version = 1
  var station: StationName
  var revocationNumber: UInt64 = 0
  var certificates: [IssuedCertificate] = []

  func current(of station: StationName, at now: Date) -> IssuedCertificate? {
    certificates.last { $0.station == station && $0.status(at: now) == .valid }
  }

  /// Marks certificates as revoked and raises the list's number; those that are already keep their time.
  mutating func revoke(_ serials: [Serial], at now: Date) {
    let changed = certificates.indices.filter { serials.contains(certificates[$0].serial) && certificates[$0].revokedAt == nil }
    guard !changed.isEmpty else { return }
    for index in changed { certificates[index].revokedAt = now.wholeSecond }
    // Also above whatever an authority had given out before it was restored from a backup.
    let seconds = UInt64(max(0, min(now.timeIntervalSince1970, 1e15)))
    revocationNumber = max(revocationNumber + 1, seconds)
  }

  func revocations(authority: String) -> RevocationList {
    RevocationList(
      authority: authority, number: revocationNumber, serials: certificates.filter { $0.revokedAt != nil }.map(\.serial))
  }
}
