import Foundation
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
    #expect(rig.refusals == [.noCertificate])
    try await rig.stop()
  }

  /// A session that was kept from before a revocation must not open the door after it.
  @Test(.timeLimit(.minutes(1))) func aKeptSessionDoesNotOutliveARevocation() async throws {
    let site = try Site(at: Date())
    let store = try site.identity("tiexi-03", at: Date())
    let rig = try await LinkRig(site.authority.identity, clock: { Date() })
    let session = "\(site.folder.path)/session"
    let base = [
      "s_client", "-connect", "127.0.0.1:\(rig.port)", "-CAfile", store.authorityFile, "-tls1_3", "-cert", store.certificateFile,
      "-key", store.keyFile, "-ign_eof",
    ]
    let first = try Program.run("/usr/bin/openssl", base + ["-sess_out", session])
    #expect(first.output.contains("tiexi-03"))
    try site.authority.revoke(store.load().own.serial, at: Date())
    let kept = FileManager.default.fileExists(atPath: session) ? ["-sess_in", session] : []
    let second = try Program.run("/usr/bin/openssl", base + kept)
    #expect(!second.output.contains("\ntiexi-03"), "\(second.output)")
    #expect(rig.refusals.map(\.code) == ["revoked"])
    try await rig.stop()
  }
}
