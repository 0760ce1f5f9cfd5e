import Foundation
import NIOConcurrencyHelpers
import Testing

@testable import StationIdentity

/// Both halves without a transport; time is an argument.
@Suite struct EnrolmentTests {
  private func applicant(_ site: Site, _ code: InvitationCode, _ name: String = "tiexi-03") throws -> EnrolmentApplicant {
    let store = IdentityStore(folder: "\(site.folder.path)/child-\(UUID().uuidString.prefix(6))/identity")
    try FileManager.default.createDirectory(
      atPath: (store.folder as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    return try EnrolmentApplicant(station: StationName(name), code: code.text, store: store)
  }

  private func wrong(_ site: Site, _ code: InvitationCode) -> InvitationCode {
    InvitationCode(authority: code.authority, secret: InvitationCode.newSecret())
  }

  private func refusal(_ answer: EnrolmentAnswer) -> EnrolmentRefusal? {
    if case .refused(let refusal) = answer { refusal } else { nil }
  }

  @Test func aGoodCodeMakesAStation() throws {
    let site = try Site()
    let (code, invitation) = try site.desk.invite(site.community, at: Site.now)
    #expect(invitation.expiresAt == Site.now.addingTimeInterval(900))
    let applicant = try applicant(site, code)
    let shown = try site.authority.enrolmentCertificate(at: Site.now)
    let parent = try applicant.check(chain: [shown.certificate, shown.authority], at: Site.now).get()
    #expect(parent.station == site.street)
    let answer = site.desk.answer(try applicant.request(), at: Site.now.addingTimeInterval(899))
    let travelled = try PlainJSON.value(EnrolmentAnswer.self, PlainJSON.data(answer))
    #expect(travelled == answer)
    let joined = try applicant.accept(travelled, from: parent)
    #expect(joined.parent == site.street && joined.own.station == site.community)
    #expect(try applicant.store.load().own == joined.own)
    #expect(try applicant.store.load().parent == site.street)
    #expect(try site.desk.standing(at: Site.now).isEmpty)
    #expect(throws: IdentityError.alreadyThere(folder: applicant.store.folder)) {
      try EnrolmentApplicant(station: site.community, code: code.text, store: applicant.store)
    }
  }

  @Test func aCodeIsNotStoredAndAKeyNotSent() throws {
    let site = try Site()
    let (code, _) = try site.desk.invite(site.community, at: Site.now)
    let request = try applicant(site, code).request()
    let stored = try String(contentsOfFile: "\(site.authority.folder)/invitations/open.json", encoding: .utf8)
    #expect(!stored.contains(request.secret) && !stored.contains(code.text))
    #expect(site.folder.mode("pki/invitations/open.json") == 0o600)
    #expect(!request.request.contains("PRIVATE"))
  }

  /// The same station may ask again when the answer was lost; another may not.
  @Test func aCodeIsForOneStationOnce() throws {
    let site = try Site()
    let (code, _) = try site.desk.invite(site.community, at: Site.now)
    let first = try applicant(site, code).request()
    let answer = site.desk.answer(first, at: Site.now)
    #expect(refusal(answer) == nil)
    #expect(site.desk.answer(first, at: Site.now.addingTimeInterval(5)) == answer)
    #expect(refusal(site.desk.answer(try applicant(site, code).request(), at: Site.now)) == .used)
    #expect(try site.authority.list().count == 2)
  }

  /// A crash after "used" was written and before the certificate was: asking again gets it.
  @Test func aCrashInTheMiddleCostsNoInvitation() throws {
    let site = try Site()
    let (code, _) = try site.desk.invite(site.community, at: Site.now)
    let request = try applicant(site, code).request()
    let issued = "\(site.authority.folder)/issued.json"
    let before = try Data(contentsOf: URL(fileURLWithPath: issued))
    _ = site.desk.answer(request, at: Site.now)
    try before.write(to: URL(fileURLWithPath: issued))
    #expect(refusal(site.desk.answer(request, at: Site.now)) == nil)
    #expect(try site.authority.list().count == 2)
  }

  @Test(arguments: [900.0, 86_400, -61, -86_400, -31_536_000]) func afterFifteenMinutesItIsVoid(_ seconds: TimeInterval) throws {
    let site = try Site()
    let (code, _) = try site.desk.invite(site.community, at: Site.now)
    let later = Site.now.addingTimeInterval(seconds)
    #expect(refusal(site.desk.answer(try applicant(site, code).request(), at: later)) == .expired)
    #expect(try site.desk.standing(at: later).isEmpty)
  }

  @Test func tenWrongTriesMakeItVoid() throws {
    let site = try Site()
    let (code, _) = try site.desk.invite(site.community, at: Site.now)
    for _ in 0..<10 {
      #expect(refusal(site.desk.answer(try applicant(site, wrong(site, code)).request(), at: Site.now)) == .wrongCode)
    }
    #expect(refusal(site.desk.answer(try applicant(site, wrong(site, code)).request(), at: Site.now)) == .tooManyTries)
    #expect(refusal(site.desk.answer(try applicant(site, code).request(), at: Site.now)) == .tooManyTries)
    // Neither a restart nor another process gives more tries.
    let again = EnrolmentDesk(authority: try CertificateAuthority(folder: site.authority.folder))
    #expect(refusal(again.answer(try applicant(site, code).request(), at: Site.now)) == .tooManyTries)
    // A new code does.
    let (second, _) = try site.desk.invite(site.community, at: Site.now)
    #expect(refusal(site.desk.answer(try applicant(site, second).request(), at: Site.now)) == nil)
  }

  /// Naming other stations gives nobody more tries, and does not spoil a named one's.
  @Test func triesCannotBeHadByNamingStations() throws {
    let site = try Site()
    let (code, _) = try site.desk.invite(site.community, at: Site.now)
    let (otherCode, _) = try site.desk.invite(StationName("b"), at: Site.now)
    for index in 0..<10 {
      let request = try applicant(site, wrong(site, code), "nobody-\(index)").request()
      #expect(refusal(site.desk.answer(request, at: Site.now)) == .wrongCode)
    }
    #expect(refusal(site.desk.answer(try applicant(site, code).request(), at: Site.now)) == .tooManyTries)
    let (third, _) = try site.desk.invite(StationName("c"), at: Site.now)
    _ = site.desk.answer(try applicant(site, wrong(site, otherCode), "b").request(), at: Site.now)
    #expect(try site.desk.invitation(of: StationName("c"))?.wrongTries == 0)
    #expect(refusal(site.desk.answer(try applicant(site, third, "c").request(), at: Site.now)) == nil)
  }

  @Test func anotherNameIsToldToWhoHasTheCode() throws {
    let site = try Site()
    let (code, _) = try site.desk.invite(site.community, at: Site.now)
    let answer = site.desk.answer(try applicant(site, code, "tiexi-04").request(), at: Site.now)
    #expect(refusal(answer) == .otherStation(invited: "tiexi-03"))
    #expect(try PlainJSON.value(EnrolmentAnswer.self, PlainJSON.data(answer)) == answer)
    #expect(refusal(site.desk.answer(try applicant(site, code).request(), at: Site.now)) == nil, "the code is still good")
    #expect(throws: IdentityError.ownName(site.street)) { try site.desk.invite(site.street, at: Site.now) }
  }

  @Test func nonsenseIsAnsweredAndChangesNothing() throws {
    let site = try Site()
    let (code, _) = try site.desk.invite(site.community, at: Site.now)
    var request = try applicant(site, code).request()
    request.version = 2
    #expect(refusal(site.desk.answer(request, at: Site.now)) == .unknownVersion)
    request.version = 1
    request.request = "nonsense"
    #expect(refusal(site.desk.answer(request, at: Site.now)) == .badRequest)
    for secret in ["", "zz", String(repeating: "0", count: 100_000), "é"] {
      request.secret = secret
      #expect(refusal(site.desk.answer(request, at: Site.now)) == .wrongCode)
    }
    #expect(try site.authority.list().count == 1)
  }

  /// A new computer for a station that has one: the old certificate ends in the same step.
  @Test func joiningAgainRevokesTheEarlierCertificate() throws {
    let site = try Site()
    let old = try site.identity("tiexi-03").load().own
    let (code, _) = try site.desk.invite(site.community, at: Site.now)
    guard case .admitted(let admission) = site.desk.answer(try applicant(site, code).request(), at: Site.now) else {
      Issue.record("not admitted")
      return
    }
    #expect(admission.revocations.serials == [old.serial])
    #expect(try site.authority.identity.revocations().serials == [old.serial])
    #expect(try site.authority.list().map { $0.status(at: Site.now) } == [.valid, .revoked, .valid])
  }

  @Test func onlyTheCodesAuthorityIsTrusted() throws {
    let site = try Site()
    let man = try Site()
    let (code, _) = try site.desk.invite(site.community, at: Site.now)
    let applicant = try applicant(site, code)
    let mine = try man.authority.enrolmentCertificate(at: Site.now)
    let real = try site.authority.enrolmentCertificate(at: Site.now)
    #expect(applicant.check(chain: [], at: Site.now) == .failure(.noCertificate))
    #expect(applicant.check(chain: [mine.certificate, mine.authority], at: Site.now) == .failure(.foreign))
    #expect(applicant.check(chain: [mine.certificate, real.authority], at: Site.now) == .failure(.foreign))
    #expect(applicant.check(chain: [real.authority], at: Site.now) == .failure(.foreign))
    let parent = EnrolmentApplicant.Parent(station: site.street, authority: real.authority)
    #expect(applicant.check(chain: [real.certificate, real.authority], at: Site.now) == .success(parent))
    let past = Site.now.addingTimeInterval(-Site.year)
    #expect(
      applicant.check(chain: [real.certificate, real.authority], at: past)
        == .failure(.notYetValid(from: site.authority.root.notValidBefore, now: past)))
    // A captured station of the same authority cannot take another's code, nor can the enrolment server speak on the line.
    let captured = try site.identity("b").load()
    #expect(applicant.check(chain: [captured.certificateDER, real.authority], at: Site.now) == .failure(.noName))
    let onTheLine = PeerCheck.check(
      chain: [real.certificate], root: real.authority, revocations: nil, time: LinkTime(clock: Site.now))
    #expect(onTheLine == .failure(.noName))
    // An answer that brings another authority than the one that was checked is not stored.
    let (manCode, _) = try man.desk.invite(site.community, at: Site.now)
    var request = try applicant.request()
    request.secret = manCode.secret.map { String(format: "%02x", $0) }.joined()
    let answer = man.desk.answer(request, at: Site.now)
    #expect(throws: IdentityError.notOurs(reason: "another authority than the one that was checked")) {
      try applicant.accept(answer, from: parent)
    }
    #expect(!applicant.store.isThere)
  }
}

/// Over HTTPS between real sockets.
@Suite struct EnrolmentServerTests {
  private func store(_ site: Site) -> IdentityStore { IdentityStore(folder: "\(site.folder.path)/identity") }

  @Test(.timeLimit(.minutes(1))) func aStationJoinsAndSpeaks() async throws {
    let site = try Site()
    let events = NIOLockedValueBox<[EnrolmentServer.Event]>([])
    let server = try EnrolmentServer(
      desk: site.desk, host: "127.0.0.1", port: 0, clock: { Site.now },
      onEvent: { event in events.withLockedValue { $0.append(event) } })
    let (code, _) = try site.desk.invite(site.community, at: Site.now)
    let client = EnrolmentClient(host: "127.0.0.1", port: server.port)
    let wrongCode = InvitationCode(authority: code.authority, secret: InvitationCode.newSecret())
    await #expect(throws: IdentityError.notAdmitted(.wrongCode)) {
      try await client.join(
        EnrolmentApplicant(station: site.community, code: wrongCode.text, store: store(site)), at: Site.now)
    }
    let joined = try await client.join(
      EnrolmentApplicant(station: site.community, code: code.text, store: store(site)), at: Site.now)
    #expect(joined.parent == site.street)
    #expect(events.withLockedValue { $0 } == [.refused(.wrongCode, station: "tiexi-03"), .admitted(station: "tiexi-03")])
    server.stop()
    let rig = try await LinkRig(site.authority.identity, clock: { Site.now })
    #expect(try await rig.connect(store(site), clock: Site.now, expecting: joined.parent) == .greeted("tiexi-03"))
    try await rig.stop()
  }

  /// A man in the middle with an authority of his own gets nothing: not the secret, not even a request.
  @Test(.timeLimit(.minutes(1))) func aManInTheMiddleGetsNothing() async throws {
    let site = try Site()
    let man = try Site()
    let events = NIOLockedValueBox<[EnrolmentServer.Event]>([])
    let server = try EnrolmentServer(
      desk: man.desk, host: "127.0.0.1", port: 0, clock: { Site.now },
      onEvent: { event in events.withLockedValue { $0.append(event) } })
    let (code, _) = try site.desk.invite(site.community, at: Site.now)
    await #expect(throws: IdentityError.refused(.foreign)) {
      try await EnrolmentClient(host: "127.0.0.1", port: server.port).join(
        EnrolmentApplicant(station: site.community, code: code.text, store: store(site)), at: Site.now)
    }
    #expect(events.withLockedValue { $0.isEmpty })
    #expect(!store(site).isThere)
    server.stop()
  }

  @Test(.timeLimit(.minutes(1))) func whereNobodyListensItIsSaid() async throws {
    let site = try Site()
    let server = try EnrolmentServer(desk: site.desk, host: "127.0.0.1", port: 0)
    let port = server.port
    #expect(throws: IdentityError.self) { try EnrolmentServer(desk: site.desk, host: "127.0.0.1", port: port) }
    server.stop()
    let (code, _) = try site.desk.invite(site.community, at: Site.now)
    do {
      _ = try await EnrolmentClient(host: "127.0.0.1", port: port).join(
        EnrolmentApplicant(station: site.community, code: code.text, store: store(site)))
      Issue.record("joined nobody")
    } catch {
      guard case .cannotConnect(let failure) = error, failure.port == port, failure.kind == .refused else {
        Issue.record("\(error)")
        return
      }
    }
  }

  /// What strangers may send: bounded, answered, and the desk still works afterwards.
  @Test(.timeLimit(.minutes(1))) func strangersAreBounded() async throws {
    let site = try Site()
    var limits = EnrolmentServer.Limits()
    limits.connections = 2
    limits.time = .milliseconds(800)
    let server = try EnrolmentServer(desk: site.desk, host: "127.0.0.1", port: 0, limits: limits, clock: { Site.now })
    let url = "https://127.0.0.1:\(server.port)"
    func curl(_ arguments: [String]) throws -> String {
      try Program.run(
        "/usr/bin/curl", ["-sk", "--max-time", "20", "-o", "/dev/null", "-w", "%{http_code}"] + arguments
      ).output
    }
    let big = "\(site.folder.path)/big"
    try Data(count: 5 << 20).write(to: URL(fileURLWithPath: big))
    #expect(try curl(["\(url)/"]) == "404")
    #expect(try curl(["\(url)\(EnrolmentRequest.path)"]) == "405")
    #expect(try curl(["--data", "{}", "\(url)\(EnrolmentRequest.path)"]) == "400")
    #expect(["413", "000"].contains(try curl(["--data-binary", "@\(big)", "\(url)\(EnrolmentRequest.path)"])))
    // A client that sends nothing is cut; two of them fill the server only as long.
    let idle = try Program.run(
      "/bin/bash",
      [
        "-c",
        "for i in 1 2 3; do (exec 3<>/dev/tcp/127.0.0.1/\(server.port); timeout 5 cat <&3 >/dev/null; echo $?) & done; wait",
      ])
    #expect(idle.output == "0\n0\n0\n", "closed by the server, not by the time-out of cat")
    #expect(try curl(["--data", "{}", "\(url)\(EnrolmentRequest.path)"]) == "400")
    server.stop()
  }
}
