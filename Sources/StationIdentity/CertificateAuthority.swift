import Crypto
import Foundation
import X509

/// A site's own certificate authority: a folder (0700) with `ca.key` (0600), `ca.pem`, `issued.json`, `invitations.json` while somebody is
/// invited, and `station/`, the identity that its own station serves its children with.
///
/// Each change is one file replaced as a whole before anything of it is handed out. Any number of processes may work on one folder.
public final class CertificateAuthority: Sendable {
  public let folder: String
  /// The station that this authority belongs to.
  public let station: StationName
  public let certificatePEM: String
  /// Hash of its key in hexadecimal; the first half of an invitation's code is its beginning.
  public let keyHash: String
  let root: Certificate
  private let key: P256.Signing.PrivateKey

  /// `pki` beside the site file.
  public static func folder(siteFolder: String) -> String { IdentityStore.join(siteFolder, "pki") }

  private static func keyFile(_ folder: String) -> String { "\(folder)/ca.key" }
  private static func certificateFile(_ folder: String) -> String { "\(folder)/ca.pem" }
  private static func recordFile(_ folder: String) -> String { "\(folder)/issued.json" }

  /// Opens an authority, and brings its station's own revocation list up to date.
  ///
  /// - Throws: `.noAuthority`, `.damaged`, `.keyIsOpen`, `.disk`.
  public init(folder: String) throws(IdentityError) {
    guard SecureFiles.exists(Self.recordFile(folder)) else { throw .noAuthority(folder: folder) }
    let certificatePEM = try SecureFiles.readText(Self.certificateFile(folder))
    let root = try CertificateForm.certificate(certificatePEM, file: Self.certificateFile(folder))
    let key = try CertificateForm.key(
      try SecureFiles.readText(Self.keyFile(folder), secret: true), file: Self.keyFile(folder))
    guard root.publicKey == Certificate.PublicKey(key.publicKey) else {
      throw .damaged(file: Self.keyFile(folder), reason: "not the key of ca.pem")
    }
    let record = try PlainJSON.read(AuthorityRecord.self, Self.recordFile(folder))
    self.folder = folder
    self.station = record.station
    self.certificatePEM = certificatePEM
    self.keyHash = CertificateForm.keyHashText(root.publicKey)
    self.root = root
    self.key = key
    // A crash may have come between a revocation and its publication, or between the two steps of an exchange (`rekey`).
    if !identity.isThere, IdentityStore(folder: "\(folder)/station.making").isThere {
      try IdentityStore(folder: "\(folder)/station.making").replace(identity)
    }
    try identity.store(revocations: record.revocations(authority: keyHash))
  }

  /// Makes an authority and the certificate of its own station. It is there whole or not at all.
  ///
  /// - Throws: `.alreadyThere`, `.disk`.
  public static func create(folder: String, station: StationName, at now: Date) throws(IdentityError) -> CertificateAuthority {
    let parent = (folder as NSString).deletingLastPathComponent
    return try SecureFiles.exclusively(parent) { () throws(IdentityError) in
      guard !SecureFiles.exists(recordFile(folder)) else { throw .alreadyThere(folder: folder) }
      let made = "\(folder).making"
      // Left by a crash; nobody has seen anything of it.
      try? FileManager.default.removeItem(atPath: made)
      try SecureFiles.makeFolder(made)
      try SecureFiles.makeFolder("\(made)/station")
      let key = P256.Signing.PrivateKey()
      let ownKey = P256.Signing.PrivateKey()
      let root = try signed { try CertificateForm.authority(station, key: key, at: now) }
      let rootPEM = try signed { try CertificateForm.pem(root) }
      var record = AuthorityRecord(station: station)
      let own = try add(
        Certificate.PublicKey(ownKey.publicKey), of: station, to: &record, root: root, key: key, at: now)
      let identity = try StationIdentity(
        authorityPEM: rootPEM, certificatePEM: own.pem, keyPEM: ownKey.pemRepresentation + "\n", revocations: nil,
        folder: "\(made)/station")
      try IdentityStore(folder: "\(made)/station").fill(identity)
      try SecureFiles.write(Data((key.pemRepresentation + "\n").utf8), to: keyFile(made), mode: SecureFiles.secret)
      try SecureFiles.write(Data(rootPEM.utf8), to: certificateFile(made), mode: SecureFiles.open)
      try SecureFiles.write(PlainJSON.data(record), to: recordFile(made), mode: SecureFiles.secret)
      try SecureFiles.place(made, at: folder)
      return try CertificateAuthority(folder: folder)
    }
  }

  /// What the authority's own station serves with.
  public var identity: IdentityStore { IdentityStore(folder: "\(folder)/station") }

  /// Everything that was ever issued, oldest first.
  public func list() throws(IdentityError) -> [IssuedCertificate] { try record().certificates }

  public func revocations() throws(IdentityError) -> RevocationList { try record().revocations(authority: keyHash) }

  /// Issues a certificate for a request (PKCS#10 in PEM, P-256); the name in the request is not used.
  ///
  /// - Throws: `.badRequest`, `.alreadyHasOne`, `.disk`.
  public func issue(request: String, for station: StationName, at now: Date) throws(IdentityError) -> IssuedCertificate {
    let publicKey = try CertificateForm.publicKey(ofRequest: request)
    return try change { (record: inout AuthorityRecord) throws(IdentityError) in
      try refuseSecond(of: station, record, at: now)
      return try add(publicKey, of: station, to: &record, at: now)
    }
  }

  /// Issues a certificate for a new key and writes both as an identity into `target`, which must not be there yet: for a station that
  /// cannot be reached, or another vendor's.
  ///
  /// - Throws: `.alreadyHasOne`, `.alreadyThere`, `.disk`.
  public func issue(for station: StationName, into target: String, at now: Date) throws(IdentityError) -> IssuedCertificate {
    let made = "\(target).making"
    guard !SecureFiles.exists(target) else { throw .alreadyThere(folder: target) }
    try? FileManager.default.removeItem(atPath: made)
    try SecureFiles.makeFolder(made)
    defer { try? FileManager.default.removeItem(atPath: made) }
    let newKey = P256.Signing.PrivateKey()
    let issued = try change { (record: inout AuthorityRecord) throws(IdentityError) in
      try refuseSecond(of: station, record, at: now)
      return try add(Certificate.PublicKey(newKey.publicKey), of: station, to: &record, at: now)
    }
    let identity = try StationIdentity(
      authorityPEM: certificatePEM, certificatePEM: issued.pem, keyPEM: newKey.pemRepresentation + "\n",
      revocations: try revocations(), parent: self.station, folder: made)
    try IdentityStore(folder: made).fill(identity)
    try SecureFiles.place(made, at: target)
    return issued
  }

  /// A later certificate for the newest valid key of a station, or for a request's key. The earlier ones stay good until they end, so
  /// that nothing breaks while the new one is on its way.
  ///
  /// - Throws: `.noCertificateFor`, `.badRequest`, `.disk`.
  public func renew(_ station: StationName, request: String? = nil, at now: Date) throws(IdentityError) -> IssuedCertificate {
    let requested: Certificate.PublicKey? =
      if let request { try CertificateForm.publicKey(ofRequest: request) } else { nil }
    let renewed = try change { (record: inout AuthorityRecord) throws(IdentityError) in
      // One that has just ended may be renewed: the station is known, and was not revoked.
      let candidates = record.certificates.indices.filter {
        record.certificates[$0].station == station && record.certificates[$0].revokedAt == nil
      }
      guard let last = candidates.last else { throw .noCertificateFor(station) }
      let old = try CertificateForm.certificate(record.certificates[last].pem, file: Self.recordFile(folder))
      let new = try add(requested ?? old.publicKey, of: station, to: &record, at: now)
      for index in candidates where record.certificates[index].renewedBy == nil {
        record.certificates[index].renewedBy = new.serial
      }
      return new
    }
    if station == self.station { try identity.store(certificate: renewed.pem) }
    return renewed
  }

  /// What a station that asks over the line gets, as often as it likes: the certificate that it has while that one is not due, so that a
  /// lost answer costs nothing and nobody fills the list; then, or for another key, a new one, at most one a day.
  ///
  /// - Throws: `.noCertificateFor`, `.badRequest`, `.renewedToday`, `.disk`.
  public func renewal(of station: StationName, request: String, at now: Date) throws(IdentityError) -> IssuedCertificate {
    let key = try CertificateForm.publicKey(ofRequest: request)
    let keyHash = CertificateForm.keyHashText(key)
    return try change { (record: inout AuthorityRecord) throws(IdentityError) in
      let held = record.certificates.indices.filter {
        record.certificates[$0].station == station && record.certificates[$0].revokedAt == nil
      }
      guard let newest = held.last.map({ record.certificates[$0] }) else { throw .noCertificateFor(station) }
      let isFresh = now.timeIntervalSince(newest.issuedAt) < Self.renewalInterval
      if newest.keyHash == keyHash, isFresh || newest.identity.daysLeft(at: now) >= PeerIdentity.renewalDays { return newest }
      if isFresh { throw .renewedToday(station) }
      let new = try add(key, of: station, to: &record, at: now)
      for index in held where record.certificates[index].renewedBy == nil { record.certificates[index].renewedBy = new.serial }
      return new
    }
  }

  private static let renewalInterval: TimeInterval = 86_400

  /// Makes a certificate count no more, and publishes the new list to the own station.
  ///
  /// - Returns: the certificate; one that was revoked already keeps its time.
  /// - Throws: `.noSuchSerial`, `.disk`.
  @discardableResult
  public func revoke(_ serial: Serial, at now: Date) throws(IdentityError) -> IssuedCertificate {
    let revoked = try change { (record: inout AuthorityRecord) throws(IdentityError) in
      record.revoke([serial], at: now)
      guard let found = record.certificates.first(where: { $0.serial == serial }) else { throw .noSuchSerial(serial.text) }
      return found
    }
    try identity.store(revocations: try revocations())
    return revoked
  }

  /// A new key and certificate for the own station, and what it had is revoked: when its key became known, or its certificate was revoked.
  /// Children need nothing but the next connection, as the authority is the same.
  ///
  /// - Throws: `.disk`. A crash in the middle is mended by doing it again.
  public func rekey(at now: Date) throws(IdentityError) -> IssuedCertificate {
    let newKey = P256.Signing.PrivateKey()
    let fresh = IdentityStore(folder: "\(folder)/station.making")
    try? FileManager.default.removeItem(atPath: fresh.folder)
    try SecureFiles.makeFolder(fresh.folder)
    let issued = try admit(Certificate.PublicKey(newKey.publicKey), as: station, at: now)
    try fresh.fill(
      StationIdentity(
        authorityPEM: certificatePEM, certificatePEM: issued.pem, keyPEM: newKey.pemRepresentation + "\n",
        revocations: try revocations(), folder: fresh.folder))
    try fresh.replace(identity)
    return issued
  }

  /// Issues for a station that joins: what that name had before is revoked in the same step, because a name is one station's.
  func admit(_ publicKey: Certificate.PublicKey, as station: StationName, at now: Date) throws(IdentityError) -> IssuedCertificate
  {
    let issued = try change { (record: inout AuthorityRecord) throws(IdentityError) in
      let earlier = record.certificates.filter { $0.station == station && now <= $0.notAfter }.map(\.serial)
      record.revoke(earlier, at: now)
      return try add(publicKey, of: station, to: &record, at: now)
    }
    try identity.store(revocations: try revocations())
    return issued
  }

  /// What the enrolment server shows: a certificate that says so, for a key that is only in memory. With a station's own it could be any
  /// station of this authority, and a captured one could take the codes of others.
  func enrolmentCertificate(at now: Date) throws(IdentityError) -> (certificate: Data, authority: Data, keyPEM: String) {
    let serverKey = P256.Signing.PrivateKey()
    let certificate = try Self.signed {
      try CertificateForm.station(
        station, role: .enrolment, publicKey: .init(serverKey.publicKey), serial: CertificateForm.newSerial(), root: root,
        authorityKey: key, at: now)
    }
    return (try CertificateForm.der(certificate), try CertificateForm.der(root), serverKey.pemRepresentation)
  }

  // MARK: - The record

  private func record() throws(IdentityError) -> AuthorityRecord {
    try PlainJSON.read(AuthorityRecord.self, Self.recordFile(folder))
  }

  /// On disk before it returns; on an error nothing has changed.
  private func change<Value>(
    _ body: (inout AuthorityRecord) throws(IdentityError) -> Value
  ) throws(IdentityError) -> Value {
    try SecureFiles.exclusively(folder) { () throws(IdentityError) in
      let before = try record()
      var record = before
      let value = try body(&record)
      if record != before {
        try SecureFiles.write(PlainJSON.data(record), to: Self.recordFile(folder), mode: SecureFiles.secret)
      }
      return value
    }
  }

  private func refuseSecond(of station: StationName, _ record: AuthorityRecord, at now: Date) throws(IdentityError) {
    if station == self.station { throw .ownName(station) }
    if let other = record.current(of: station, at: now) { throw .alreadyHasOne(station, serial: other.serial.text) }
  }

  private func add(_ publicKey: Certificate.PublicKey, of station: StationName, to record: inout AuthorityRecord, at now: Date)
    throws(IdentityError) -> IssuedCertificate
  {
    try Self.add(publicKey, of: station, to: &record, root: root, key: key, at: now)
  }

  private static func add(
    _ publicKey: Certificate.PublicKey, of station: StationName, to record: inout AuthorityRecord, root: Certificate,
    key: P256.Signing.PrivateKey, at now: Date
  ) throws(IdentityError) -> IssuedCertificate {
    let certificate = try signed {
      try CertificateForm.station(
        station, publicKey: publicKey, serial: CertificateForm.newSerial(), root: root, authorityKey: key, at: now)
    }
    let issued = IssuedCertificate(
      serial: Serial(bytes: certificate.serialNumber.bytes), station: station, issuedAt: now.wholeSecond,
      notBefore: certificate.notValidBefore, notAfter: certificate.notValidAfter,
      keyHash: CertificateForm.keyHashText(publicKey), pem: try signed { try CertificateForm.pem(certificate) })
    record.certificates.append(issued)
    return issued
  }

  /// The library's own errors about values that we made ourselves.
  private static func signed<Value>(_ body: () throws -> Value) throws(IdentityError) -> Value {
    do { return try body() } catch let error as IdentityError { throw error } catch { throw .badRequest("\(error)") }
  }
}
