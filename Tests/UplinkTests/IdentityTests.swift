import DeviceVocabulary
import Foundation
import Station
import StationIdentity
import StationLinkCodec
import Testing

/// Revocations and renewed certificates over the line.
@Suite(.serialized, .timeLimit(.minutes(2))) struct IdentityTests {
  private static let day: TimeInterval = 86_400
  /// Seen when it connects, so also of a child that does not renew it (another vendor's), and told once.
  @Test func theParentIsToldThatAChildsCertificateEndsAndThatALaterOneCame() async throws {
    let rig = try LinkRig(issued: Date(timeIntervalSinceNow: -2 * 365.25 * Self.day + 20.5 * Self.day))
    for _ in 0..<2 { #expect(try await rig.curl("https://yunfeng/link/v1/revocations").contains("serials")) }
    let told = rig.certificates
    #expect(told.count == 1 && told.first??.contains("tiexi-03 的证书还有 20 天到期") == true, "\(told)")
    let renewed = try rig.authority.renew(StationName(rig.child), at: Date())
    try rig.store.store(certificate: renewed.pem)
    for _ in 0..<2 { #expect(try await rig.curl("https://yunfeng/link/v1/revocations").contains("serials")) }
    #expect(rig.certificates == told + [nil])
  }

  private static let pem = "content-type: application/x-pem-file"

  @Test func aRevocationReachesTheChildWithinAHeartbeat() async throws {
    let rig = try LinkRig()
    let other = try rig.authority.issue(for: StationName("tiexi-04"), into: "\(rig.folder)/other", at: Date())
    let child = try rig.startChild()
    try await rig.waitUntil("the line is up") { child.isUp && !rig.bodies.isEmpty }
    #expect(try rig.store.revocations().serials.isEmpty)
    try rig.authority.revoke(other.serial, at: Date())
    try await rig.waitUntil("the list is stored") { try rig.store.revocations().serials == [other.serial] }
    #expect(try rig.store.revocations() == rig.authority.revocations())
  }

  /// The parent's key became known and was changed: the child refuses the old certificate also on connections that stand.
  @Test func aParentWithANewKeyIsFollowed() async throws {
    let rig = try LinkRig()
    let child = try rig.startChild()
    try await rig.waitUntil("the line is up") { child.isUp && !rig.bodies.isEmpty }
    let old = try rig.authority.identity.load().own.serial
    _ = try rig.authority.rekey(at: Date())
    try await rig.waitUntil("the list is stored") { try rig.store.revocations().serials.contains(old) }
    _ = try child.journal.append([Array("def".utf8)], urgent: true)
    child.uplink.wake()
    try await rig.waitUntil("the next entry arrives") { rig.bodies.count == 2 }
    rig.server.send(
      ParentCommand(number: 1, issuedAtMilliseconds: 0, timeToLiveSeconds: 60, post: "desk", action: .notice(text: "x")),
      to: rig.child)
    // Until the stream is open again nothing is promised: a real parent sends at each connect what is not answered.
    try await rig.waitUntil("commands come") {
      rig.server.send(
        ParentCommand(number: 2, issuedAtMilliseconds: 0, timeToLiveSeconds: 60, post: "desk", action: .notice(text: "y")),
        to: rig.child)
      return child.commands.contains { $0.number == 2 }
    }
  }

  /// 50 days before the end the child has the next certificate, for the same key, and asks no more.
  @Test func aCertificateIsRenewedByItself() async throws {
    let rig = try LinkRig(issued: Date(timeIntervalSinceNow: -680 * Self.day))
    let before = try rig.store.load().own
    #expect((45...55).contains(before.daysLeft(at: Date())))
    let child = try rig.startChild()
    try await rig.waitUntil("the new one is stored") { try rig.store.load().own.serial != before.serial }
    let after = try rig.store.load().own
    #expect(after.daysLeft(at: Date()) > 700 && after.station == before.station)
    try await rig.waitUntil("the line goes on") { child.isUp && !rig.bodies.isEmpty }
    // Two heartbeats later.
    try await Task.sleep(for: .seconds(11))
    #expect(try rig.authority.list().filter { $0.station.text == rig.child }.count == 2)
    #expect(try rig.authority.list().first { $0.serial == before.serial }?.renewedBy == after.serial)
  }

  /// Whatever a request says, the certificate is for the name that was shown; asking again changes nothing; another key has to wait.
  @Test func aRenewalIsForTheVerifiedNameAndOnceADay() async throws {
    let rig = try LinkRig(issued: Date(timeIntervalSinceNow: -10 * Self.day))
    func renew(_ request: String, _ more: String...) async throws -> String {
      try await rig.curl(
        ["-H", Self.pem, "--data-binary", "@-"] + more + ["https://yunfeng/link/v1/renew"], input: Data(request.utf8))
    }
    let held = try String(contentsOfFile: "\(rig.store.folder)/station.pem", encoding: .utf8)
    let same = try await rig.openssl("req", "-new", "-key", "\(rig.store.folder)/station.key", "-subj", "/CN=yunfeng")
    for _ in 0..<2 { #expect(try await renew(same) == held, "it is not due") }
    func newKey(_ name: String) async throws -> String {
      _ = try await rig.openssl("ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", "\(rig.folder)/\(name).key")
      return try await rig.openssl("req", "-new", "-key", "\(rig.folder)/\(name).key", "-subj", "/CN=yunfeng")
    }
    let first = try await newKey("first")
    let issued = try await renew(first)
    try issued.write(toFile: "\(rig.folder)/first.pem", atomically: true, encoding: .utf8)
    let shown = try await rig.openssl("x509", "-in", "\(rig.folder)/first.pem", "-noout", "-text")
    #expect(
      shown.contains("URI:urn:linli:station:tiexi-03") && !shown.contains("CN=yunfeng,") && !shown.contains("CN = yunfeng\n"))
    #expect(try await renew(first) == issued)
    let second = try await renew(newKey("second"), "--include")
    #expect(second.hasPrefix("HTTP/1.1 429") && second.contains("retry-after: 86400") && second.contains("tooOften"), "\(second)")
    #expect(try rig.authority.list().filter { $0.station.text == rig.child }.count == 2)
  }

  @Test func theListIsServedAsTheAuthorityHasIt() async throws {
    let rig = try LinkRig()
    let other = try rig.authority.issue(for: StationName("tiexi-04"), into: "\(rig.folder)/other", at: Date())
    try rig.authority.revoke(other.serial, at: Date())
    rig.tls.look()
    let text = try await rig.curl("https://yunfeng/link/v1/revocations")
    #expect(try RevocationList(json: Data(text.utf8)) == rig.authority.revocations())
    let own = try rig.store.load().own.serial
    try rig.authority.revoke(own, at: Date())
    rig.tls.look()
    #expect(try await rig.curl("https://yunfeng/link/v1/revocations").contains("alert"), "a revoked station gets nothing")
  }

  /// Parents that were built before the list travelled.
  @Test func anOlderParentsAnswersAreUnderstood() async throws {
    let zero = String(repeating: "0", count: 64)
    let old = #"{"version":1,"station":"a","name":"a","receipt":{"contiguous":{"position":"0/0","hash":"\#(zero)"},"ranges":[]},"#
    let welcome = try JSONDecoder().decode(LinkWelcome.self, from: Data((old + #""nowMilliseconds":1}"#).utf8))
    #expect(welcome.revocations == nil)
    let pulse = try JSONDecoder().decode(LinkPulseAnswer.self, from: Data(#"{"nonce":1,"nowMilliseconds":1}"#.utf8))
    #expect(pulse.revocations == nil)
  }
}
