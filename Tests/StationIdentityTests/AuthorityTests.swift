import Crypto
import Foundation
import Testing
import X509

@testable import StationIdentity

@Suite struct AuthorityTests {
  @Test func aNewAuthorityIsCompleteAndItsKeysArePrivate() throws {
    let site = try Site()
    #expect(site.folder.names() == ["pki"])
    #expect(site.folder.names("pki") == ["ca.key", "ca.pem", "issued.json", "station"])
    #expect(site.folder.names("pki/station") == ["ca.pem", "revoked.json", "station.key", "station.pem"])
    #expect(site.folder.mode("pki") == 0o700 && site.folder.mode("pki/station") == 0o700)
    #expect(site.folder.mode("pki/ca.key") == 0o600 && site.folder.mode("pki/station/station.key") == 0o600)
    let own = try site.authority.identity.load()
    #expect(own.own.station == site.street && own.authorityHash == site.authority.keyHash)
    #expect(own.own.notBefore == Site.now.addingTimeInterval(-7 * Site.day))
    #expect((729...731).contains(own.own.daysLeft(at: Site.now)))
    #expect(throws: IdentityError.alreadyThere(folder: site.authority.folder)) {
      try CertificateAuthority.create(folder: site.authority.folder, station: site.street, at: Site.now)
    }
    #expect(!"\(own)".contains("PRIVATE"))
  }

  /// A crash while it is being made leaves nothing that counts, and the next try succeeds.
  @Test func halfAnAuthorityIsNone() throws {
    let folder = try Folder()
    let pki = "\(folder.path)/pki"
    for leftover in ["\(pki).making", "\(pki).making/station"] {
      try FileManager.default.createDirectory(atPath: leftover, withIntermediateDirectories: true)
      try "half".write(toFile: "\(leftover)/ca.key", atomically: false, encoding: .utf8)
    }
    #expect(throws: IdentityError.noAuthority(folder: pki)) { try CertificateAuthority(folder: pki) }
    let made = try CertificateAuthority.create(folder: pki, station: StationName("a"), at: Site.now)
    #expect(try made.list().count == 1)
    #expect(folder.names() == ["pki"])
  }

  @Test func whatWasIssuedIsListedAndOpenedAgain() throws {
    let site = try Site()
    let issued = try site.authority.issue(request: try site.request("whatever"), for: site.community, at: Site.now)
    #expect(issued.station == site.community)
    #expect(throws: IdentityError.alreadyHasOne(site.community, serial: issued.serial.text)) {
      try site.authority.issue(request: try site.request("x"), for: site.community, at: Site.now)
    }
    #expect(throws: IdentityError.ownName(site.street)) {
      try site.authority.issue(request: try site.request("x"), for: site.street, at: Site.now)
    }
    let again = try CertificateAuthority(folder: site.authority.folder)
    #expect(try again.list() == site.authority.list())
    #expect(try again.list().map(\.station) == [site.street, site.community])
    #expect(try again.list().allSatisfy { $0.status(at: Site.now) == .valid })
  }

  @Test func serialsAreLongAndNeverTwice() throws {
    let site = try Site()
    for index in 0..<40 {
      _ = try site.authority.issue(request: try site.request("x"), for: StationName("s\(index)"), at: Site.now)
    }
    let serials = try site.authority.list().map(\.serial)
    #expect(Set(serials).count == 41)
    #expect(serials.allSatisfy { $0.text.count == 32 })
  }

  /// Several processes may work on one folder; here several threads with an object each.
  @Test func concurrentChangesAllCount() throws {
    let site = try Site()
    let requests = try (0..<16).map { ("s\($0)", try site.request("x")) }
    let folder = site.authority.folder
    DispatchQueue.concurrentPerform(iterations: requests.count) { index in
      let other = try? CertificateAuthority(folder: folder)
      if let name = try? StationName(requests[index].0) {
        _ = try? other?.issue(request: requests[index].1, for: name, at: Site.now)
      }
    }
    #expect(try site.authority.list().count == 17)
  }

  @Test func aRenewedCertificateKeepsTheKeyAndTheOldOneStaysGood() throws {
    let site = try Site()
    let store = try site.identity("tiexi-03")
    let later = Site.now.addingTimeInterval(600 * Site.day)
    let renewed = try site.authority.renew(site.community, at: later)
    #expect(try site.authority.list().map { $0.status(at: later) } == [.valid, .renewed, .valid])
    #expect(try store.store(certificate: renewed.pem))
    #expect(try store.load().own.serial == renewed.serial)
    #expect(try !store.store(certificate: renewed.pem), "the same again is no news")
    #expect(throws: IdentityError.noCertificateFor(try StationName("nobody"))) {
      try site.authority.renew(StationName("nobody"), at: later)
    }
    // The own station's renewed certificate is in its place at once.
    let own = try site.authority.renew(site.street, at: later)
    #expect(try site.authority.identity.load().own.serial == own.serial)
  }

  @Test func aForeignCertificateIsNotStored() throws {
    let site = try Site()
    let store = try site.identity("tiexi-03")
    let other = try site.authority.issue(request: try site.request("x"), for: StationName("other"), at: Site.now)
    #expect(throws: IdentityError.self) { try store.store(certificate: other.pem) }
    #expect(throws: IdentityError.self) { try store.store(certificate: "no certificate") }
    #expect(try store.load().own.station == site.community)
  }

  @Test func revocationsRiseAndReachTheOwnStation() throws {
    let site = try Site()
    let store = try site.identity("tiexi-03")
    let before = try site.authority.revocations()
    #expect(before.number == 0 && before.serials.isEmpty)
    let serial = try store.load().own.serial
    try site.authority.revoke(serial, at: Site.now)
    let list = try site.authority.revocations()
    #expect(list.serials == [serial] && list.number == 1_780_000_000)
    #expect(try site.authority.identity.revocations() == list)
    try site.authority.revoke(serial, at: Site.now.addingTimeInterval(1))
    #expect(try site.authority.revocations() == list, "once is enough")
    #expect(throws: IdentityError.noSuchSerial("12")) { try site.authority.revoke(Serial("12"), at: Site.now) }
    // A clock that was set back does not lower the number.
    let another = try site.authority.issue(request: try site.request("x"), for: StationName("b"), at: Site.now)
    try site.authority.revoke(another.serial, at: Site.now.addingTimeInterval(-Site.year))
    #expect(try site.authority.revocations().number == 1_780_000_001)
    // Renewing does not bring a revoked one back.
    #expect(throws: IdentityError.noCertificateFor(site.community)) { try site.authority.renew(site.community, at: Site.now) }
  }

  /// A crash between the revocation and its publication: the next start publishes it.
  @Test func anUnpublishedRevocationIsPublishedAtTheNextStart() throws {
    let site = try Site()
    let store = try site.identity("tiexi-03")
    let file = "\(site.authority.folder)/station/revoked.json"
    let old = try Data(contentsOf: URL(fileURLWithPath: file))
    try site.authority.revoke(store.load().own.serial, at: Site.now)
    try old.write(to: URL(fileURLWithPath: file))
    #expect(try site.authority.identity.revocations().serials == [])
    #expect(try CertificateAuthority(folder: site.authority.folder).identity.revocations().serials.count == 1)
  }

  @Test func aStationTakesOnlyNewerListsOfItsAuthority() throws {
    let site = try Site()
    let store = try site.identity("tiexi-03")
    let authority = try store.load().authorityHash
    let list = RevocationList(authority: authority, number: 7, serials: [try Serial("ab")])
    #expect(try store.store(revocations: RevocationList(json: list.json)))
    #expect(try !store.store(revocations: list))
    #expect(try !store.store(revocations: RevocationList(authority: authority, number: 6)))
    #expect(try !store.store(revocations: RevocationList(authority: "other", number: 9)))
    #expect(try store.revocations() == list)
    #expect(throws: IdentityError.self) { try RevocationList(json: Data("{}".utf8)) }
  }

  @Test func openKeysAndDamageAreNamed() throws {
    let site = try Site()
    let key = "\(site.authority.folder)/ca.key"
    chmod(key, 0o644)
    #expect(throws: IdentityError.keyIsOpen(file: key, mode: 0o644)) { try CertificateAuthority(folder: site.authority.folder) }
    chmod(key, 0o600)
    try "{".write(toFile: "\(site.authority.folder)/issued.json", atomically: false, encoding: .utf8)
    #expect(throws: IdentityError.self) { try CertificateAuthority(folder: site.authority.folder) }
    #expect(throws: IdentityError.notEnrolled(folder: "/nowhere")) { try IdentityStore(folder: "/nowhere").load() }
  }

  @Test(arguments: ["", "nonsense", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n"])
  func whatIsNoRequestIsRefused(_ request: String) throws {
    let site = try Site()
    #expect(throws: IdentityError.self) { try site.authority.issue(request: request, for: site.community, at: Site.now) }
    #expect(try site.authority.list().count == 1)
  }

  @Test func aRequestMustBeSignedByItsOwnP256Key() throws {
    let site = try Site()
    let request = try site.request("x")
    // One changed bit in the signature, which is the end of the DER.
    var der = Data(base64Encoded: request.split(separator: "\n").dropFirst().dropLast().joined()) ?? Data()
    der[der.count - 1] ^= 1
    let forged =
      "-----BEGIN CERTIFICATE REQUEST-----\n\(der.base64EncodedString(options: .lineLength64Characters))\n"
      + "-----END CERTIFICATE REQUEST-----\n"
    #expect(throws: IdentityError.self) { try site.authority.issue(request: forged, for: site.community, at: Site.now) }
    let other = try CertificateSigningRequest(
      version: .v1, subject: DistinguishedName { CommonName("x") }, privateKey: .init(Curve25519.Signing.PrivateKey()),
      attributes: .init()
    ).serializeAsPEM().pemString
    #expect(throws: IdentityError.badRequest("not a P-256 key")) {
      try site.authority.issue(request: other, for: site.community, at: Site.now)
    }
  }
}
