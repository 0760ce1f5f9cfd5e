import Crypto
import Foundation
import X509

/// The joining station's half of enrolment. Any transport may carry it: `check` the chain that the server shows, then send `request`, then
/// `accept` the answer.
///
/// Its key is made once and kept beside the identity's folder until the answer is stored, so that asking again after a lost answer gets
/// the same certificate.
public struct EnrolmentApplicant: Sendable {
  public let station: StationName
  public let store: IdentityStore
  private let code: InvitationCode
  private let keyPEM: String
  private var pending: String { "\(store.folder).joining" }

  /// - Throws: `.alreadyThere` when the station has an identity, `.badCode`, `.disk`.
  public init(station: StationName, code: String, store: IdentityStore) throws(IdentityError) {
    guard !store.isThere else { throw .alreadyThere(folder: store.folder) }
    self.station = station
    self.store = store
    do { self.code = try InvitationCode(code) } catch { throw .badCode(error) }
    let folder = "\(store.folder).joining"
    let file = "\(folder)/station.key"
    try SecureFiles.makeFolder(folder)
    if SecureFiles.exists(file) {
      keyPEM = try SecureFiles.readText(file, secret: true)
    } else {
      keyPEM = P256.Signing.PrivateKey().pemRepresentation + "\n"
      try SecureFiles.write(Data(keyPEM.utf8), to: file, mode: SecureFiles.secret)
    }
  }

  /// Who answers for a code.
  public struct Parent: Sendable, Equatable {
    public var station: StationName
    /// Its certificate in DER.
    public var authority: Data
  }

  /// Whether a server is the one that the code came from: its certificate is made for enrolment and signed by an authority whose key the
  /// code names. Nothing may be sent to it before. A man in the middle has no such key, and no station has such a certificate.
  ///
  /// - Parameters:
  ///   - chain: certificates in DER as the server sent them, its own first.
  ///   - now: this station's clock.
  public func check(chain: [Data], at now: Date) -> Result<Parent, PeerRefusal> {
    guard !chain.isEmpty else { return .failure(.noCertificate) }
    // A few are plenty; each costs a hash and perhaps a signature.
    for candidate in chain.dropFirst().prefix(4) {
      guard let root = try? Certificate(derEncoded: Array(candidate)),
        Array(CertificateForm.keyHash(root.publicKey).prefix(InvitationCode.halfBytes)) == code.authority,
        CertificateForm.isAuthority(root)
      else { continue }
      return PeerCheck.check(chain: chain, root: root, revocations: nil, time: LinkTime(clock: now), role: .enrolment)
        .map { Parent(station: $0.station, authority: candidate) }
    }
    return .failure(.foreign)
  }

  /// - Throws: `.badRequest`.
  public func request() throws(IdentityError) -> EnrolmentRequest {
    EnrolmentRequest(
      station: station.text, secret: code.secret.map { String(format: "%02x", $0) }.joined(),
      request: try CertificateForm.request(station, key: try CertificateForm.key(keyPEM, file: "\(pending)/station.key")))
  }

  /// Stores what the parent gave: whole or not at all.
  ///
  /// - Parameter parent: what `check` returned; the answer must bring the same.
  /// - Returns: the parent's name and the new identity.
  /// - Throws: `.notAdmitted`, `.notOurs`, `.badAnswer`, `.disk`.
  @discardableResult
  public func accept(_ answer: EnrolmentAnswer, from parent: Parent) throws(IdentityError) -> (
    parent: StationName, own: PeerIdentity
  ) {
    let admission: Admission
    switch answer {
    case .refused(let refusal): throw .notAdmitted(refusal)
    case .admitted(let given): admission = given
    }
    let identity = try StationIdentity(
      authorityPEM: admission.authority, certificatePEM: admission.certificate, keyPEM: keyPEM,
      revocations: admission.revocations, parent: parent.station, folder: pending)
    guard identity.authorityDER == parent.authority, admission.parent == parent.station,
      admission.revocations.authority == identity.authorityHash
    else {
      throw .notOurs(reason: "another authority than the one that was checked")
    }
    guard identity.own.station == station else { throw .notOurs(reason: "certificate of \(identity.own.station)") }
    try IdentityStore(folder: pending).fill(identity)
    try SecureFiles.place(pending, at: store.folder)
    return (admission.parent, identity.own)
  }
}
