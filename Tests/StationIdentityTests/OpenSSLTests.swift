import Foundation
import NIOConcurrencyHelpers
import Testing

@testable import StationIdentity

/// What a program that others wrote says to our certificates and our TLS.
@Suite struct OpenSSLTests {
  @Test func itAcceptsTheCertificates() throws {
    let site = try Site(at: Date(), community: "铁西社区")
    let store = try site.identity("铁西社区", at: Date())
    for purpose in ["sslserver", "sslclient"] {
      let verified = try Program.openssl(
        "verify", "-x509_strict", "-purpose", purpose, "-CAfile", store.authorityFile, store.certificateFile)
      #expect(verified.status == 0 && verified.output.hasSuffix("OK\n"), "\(verified.output)")
    }
    let text = try Program.openssl("x509", "-noout", "-text", "-nameopt", "utf8", "-in", store.certificateFile)
    #expect(text.status == 0)
    for expected in [
      "URI:urn:linli:station:%E9%93%81%E8%A5%BF%E7%A4%BE%E5%8C%BA", "CA:FALSE", "Digital Signature", "prime256v1",
      "TLS Web Server Authentication, TLS Web Client Authentication", "ecdsa-with-SHA256", "CN=铁西社区",
    ] {
      #expect(text.output.contains(expected), "\(expected) is missing in \(text.output)")
    }
    let serial = try Program.openssl("x509", "-noout", "-serial", "-in", store.certificateFile)
    #expect(serial.output.lowercased() == "serial=\(try store.load().own.serial)\n")
    let key = try Program.openssl("pkey", "-in", store.keyFile, "-noout", "-check")
    #expect(key.status == 0, "\(key.output)")
    let stranger = try Site(at: Date())
    let foreign = try Program.openssl("verify", "-CAfile", stranger.authority.identity.authorityFile, store.certificateFile)
    #expect(foreign.status != 0)
  }

  /// A request that openssl made, for a station of another vendor.
  @Test func itsRequestsAreSigned() throws {
    let site = try Site(at: Date())
    let request = try Program.openssl(
      "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "\(site.folder.path)/other.key",
      "-subj", "/CN=whatever", "-out", "\(site.folder.path)/other.csr")
    #expect(request.status == 0, "\(request.output)")
    let issued = try site.authority.issue(
      request: String(contentsOfFile: "\(site.folder.path)/other.csr", encoding: .utf8), for: StationName("other"), at: Date())
    let file = "\(site.folder.path)/other.pem"
    try issued.pem.write(toFile: file, atomically: true, encoding: .utf8)
    #expect(try Program.openssl("verify", "-CAfile", site.authority.identity.authorityFile, file).status == 0)
  }

  @Test(.timeLimit(.minutes(1))) func itSpeaksOnlyTheNewestTLSAndOnlyWithACertificate() async throws {
    let site = try Site(at: Date())
    let store = try site.identity("tiexi-03", at: Date())
    let rig = try await LinkRig(site.authority.identity, clock: { Date() })
    let base = [
      "s_client", "-connect", "127.0.0.1:\(rig.port)", "-CAfile", store.authorityFile, "-quiet", "-verify_return_error",
    ]
    let certificate = ["-cert", store.certificateFile, "-key", store.keyFile]
    let good = try Program.run("/usr/bin/openssl", base + ["-tls1_3"] + certificate)
    #expect(good.output.contains("tiexi-03"), "\(good.output)")
    let old = try Program.run("/usr/bin/openssl", base + ["-tls1_2"] + certificate)
    #expect(old.status != 0 && old.output.contains("alert protocol version"), "\(old.output)")
    let bare = try Program.run("/usr/bin/openssl", base + ["-tls1_3"])
    #expect(bare.output.contains("certificate required") && !bare.output.contains("tiexi"), "\(bare.output)")
    #expect(try await rig.refusals(1) == [.noCertificate])
    try await rig.stop()
  }

  /// A resumed session skips the library's own check: it must open the door neither after a revocation nor after the end.
  @Test(.timeLimit(.minutes(1)), arguments: ["revoked", "expired"])
  func aKeptSessionDoesNotOutliveItsCertificate(_ why: String) async throws {
    let site = try Site(at: Date())
    let store = try site.identity("tiexi-03", at: Date())
    let own = try store.load().own
    let clock = NIOLockedValueBox(Date())
    let rig = try await LinkRig(site.authority.identity, clock: { clock.withLockedValue { $0 } })
    let session = "\(site.folder.path)/session"
    let base = [
      "s_client", "-connect", "127.0.0.1:\(rig.port)", "-CAfile", store.authorityFile, "-tls1_3", "-cert", store.certificateFile,
      "-key", store.keyFile, "-ign_eof",
    ]
    let first = try Program.run("/usr/bin/openssl", base + ["-sess_out", session])
    #expect(first.output.contains("tiexi-03"))
    let resumed = try Program.run("/usr/bin/openssl", base + ["-sess_in", session])
    #expect(resumed.output.contains("Reused, TLSv1.3") && resumed.output.contains("tiexi-03"), "or the rest shows nothing")
    if why == "revoked" {
      try site.authority.revoke(own.serial, at: Date())
      rig.tls.look()
    } else {
      clock.withLockedValue { $0 = own.notAfter.addingTimeInterval(60) }
    }
    let late = try Program.run("/usr/bin/openssl", base + ["-sess_in", session])
    #expect(!late.output.contains("tiexi-03"), "\(late.output)")
    // With the child's, the rig's own certificate has ended.
    #expect(try await rig.refusals(1).map(\.code) == [why == "expired" ? "ownClock" : why])
    try await rig.stop()
  }
}
