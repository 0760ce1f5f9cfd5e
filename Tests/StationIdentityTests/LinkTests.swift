import Foundation
import NIOConcurrencyHelpers
import Testing

@testable import StationIdentity

/// The line's TLS between real sockets.
@Suite struct LinkTests {
  @Test(.timeLimit(.minutes(1))) func twoStationsKnowEachOther() async throws {
    let site = try Site()
    let child = try site.identity("tiexi-03")
    let rig = try await LinkRig(site.authority.identity, clock: { Site.now })
    #expect(try await rig.connect(child, clock: Site.now) == .greeted("tiexi-03"))
    #expect(try await rig.connect(child, clock: Site.now, expecting: site.street) == .greeted("tiexi-03"))
    #expect(
      try await rig.connect(child, clock: Site.now, expecting: StationName("other"))
        == .refused(.otherStation(expected: StationName("other"), found: site.street)))
    #expect(rig.refusals == [])
    try await rig.stop()
  }

  /// Without saying so, a station speaks to the parent that it joined and to no other station of the same authority.
  @Test(.timeLimit(.minutes(1))) func anotherStationCannotPretendToBeTheParent() async throws {
    let site = try Site()
    let child = try site.identity("tiexi-03")
    let captured = try site.identity("captured")
    let rig = try await LinkRig(captured, clock: { Site.now })
    #expect(
      try await rig.connect(child, clock: Site.now)
        == .refused(.otherStation(expected: site.street, found: StationName("captured"))))
    try await rig.stop()
  }

  @Test(.timeLimit(.minutes(1))) func nobodyElseIsLetIn() async throws {
    let threeYearsAgo = Site.now.addingTimeInterval(-3 * Site.year)
    let site = try Site(at: threeYearsAgo)
    _ = try site.authority.renew(site.street, at: Site.now)
    let stranger = try Site()
    let rig = try await LinkRig(site.authority.identity, clock: { Site.now })
    #expect(try await rig.connectBlindly(nil).isRefusedByPeer)
    #expect(try await rig.connectBlindly(stranger.identity("tiexi-03")).isRefusedByPeer)
    let old = try site.identity("old", at: threeYearsAgo)
    #expect(try await rig.connectBlindly(old).isRefusedByPeer)
    let early = try site.identity("early", at: Site.now.addingTimeInterval(30 * Site.day))
    #expect(try await rig.connectBlindly(early).isRefusedByPeer)
    #expect(try await rig.refusals(4).map(\.code) == ["noCertificate", "foreign", "expired", "notYetValid"])
    // And a station does not speak to a foreign parent.
    #expect(try await rig.connect(stranger.identity("b"), clock: Site.now) == .refused(.foreign))
    try await rig.stop()
  }

  /// The station is told that it was refused, not only that the line broke.
  @Test(.timeLimit(.minutes(1))) func aRefusedStationLearnsIt() async throws {
    let site = try Site()
    let child = try site.identity("tiexi-03")
    try site.authority.revoke(child.load().own.serial, at: Site.now)
    let rig = try await LinkRig(site.authority.identity, clock: { Site.now })
    #expect(try await rig.connect(child, clock: Site.now) == .refusedByPeer)
    #expect(try await rig.refusals(1) == [.revoked(try child.load().own.serial)])
    try await rig.stop()
  }

  @Test(.timeLimit(.minutes(1)), arguments: [Site.day, Site.year])
  func aClockSetBackOnEitherSideLocksNobodyOut(_ back: TimeInterval) async throws {
    let site = try Site()
    let child = try site.identity("tiexi-03")
    let wrong = Site.now.addingTimeInterval(-back)
    let parentBehind = try await LinkRig(site.authority.identity, clock: { wrong }, journal: Site.now)
    #expect(try await parentBehind.connect(child, clock: Site.now) == .greeted("tiexi-03"))
    #expect(try await parentBehind.connect(child, clock: wrong, journal: Site.now) == .greeted("tiexi-03"))
    try await parentBehind.stop()
    // Nor without a journal: what an end holds itself was issued before now.
    let rig = try await LinkRig(site.authority.identity, clock: { wrong })
    #expect(try await rig.connect(child, clock: wrong) == .greeted("tiexi-03"))
    #expect(try await rig.connect(child, clock: Date(timeIntervalSince1970: 0)) == .greeted("tiexi-03"))
    #expect((rig.tls.clockDoubt == .behind(clock: wrong, proven: Site.now)) == (back > 3600))
    // Nothing here is as late as this one; the end that refuses it says that its own clock is wrong.
    let later = try site.identity("later", at: Site.now.addingTimeInterval(30 * Site.day))
    #expect(try await rig.connectBlindly(later).isRefusedByPeer)
    #expect(try await rig.refusals(1) == [.ownClock(.behind(clock: wrong, proven: Site.now))])
    try await rig.stop()
  }

  /// Ten years ahead every certificate has ended, the own one, too: that is said, with the way to set the clock.
  @Test(.timeLimit(.minutes(1))) func aClockFarAheadIsNamedAsTheCause() async throws {
    let site = try Site()
    let child = try site.identity("tiexi-03")
    let ahead = Site.now.addingTimeInterval(10 * Site.year)
    let rig = try await LinkRig(site.authority.identity, clock: { Site.now })
    let doubt = ClockDoubt.ahead(clock: ahead, ended: try child.load().own.notAfter)
    #expect(try await rig.connect(child, clock: ahead) == .refused(.ownClock(doubt)))
    #expect(doubt.chinese.contains("本机时钟多半错了") && doubt.description.contains("timedatectl set-time"))
    // A journal that such a clock wrote, believed to be synchronised, locks nobody out for years.
    #expect(try await rig.connect(child, clock: Site.now, journal: ahead) == .greeted("tiexi-03"))
    try await rig.stop()
    let parentAhead = try await LinkRig(site.authority.identity, clock: { ahead })
    #expect(try await parentAhead.connectBlindly(child).isRefusedByPeer)
    #expect(try await parentAhead.refusals(1).map(\.code) == ["ownClock"])
    try await parentAhead.stop()
  }

  /// One certificate that is refused again and again is one line of a log, although its text holds the time.
  @Test func whatIsRefusedAgainIsOneGroup() throws {
    let later = Site.now.addingTimeInterval(10)
    let end = Site.now
    #expect(PeerRefusal.expired(since: end, now: end).group == PeerRefusal.expired(since: end, now: later).group)
    #expect(PeerRefusal.notYetValid(from: end, now: end).group == PeerRefusal.notYetValid(from: end, now: later).group)
    #expect(PeerRefusal.expired(since: end, now: end).group != PeerRefusal.expired(since: later, now: later).group)
    #expect(PeerRefusal.revoked(try Serial("1f")).group != PeerRefusal.revoked(try Serial("2f")).group)
    let doubts = [ClockDoubt.behind(clock: end, proven: later), .behind(clock: later, proven: later)]
    #expect(Set(doubts.map { PeerRefusal.ownClock($0).group }).count == 1)
  }

  /// The files are looked at beside the connections, whether anybody connects or not.
  @Test(.timeLimit(.minutes(1))) func filesThatChangedAreSeenByThemselves() async throws {
    let site = try Site()
    let child = try site.identity("tiexi-03").load().own
    let tls = try LinkTLS(store: site.authority.identity, clock: { Site.now })
    try site.authority.revoke(child.serial, at: Site.now)
    for _ in 0..<200 where tls.refusal(of: child) == nil { try await Task.sleep(for: .milliseconds(50)) }
    #expect(tls.refusal(of: child) == .revoked(child.serial))
  }

  /// Files that were replaced hold from the next connection on, without a restart.
  @Test(.timeLimit(.minutes(1))) func aRevocationAndARenewalHoldAtOnce() async throws {
    let site = try Site()
    let child = try site.identity("tiexi-03")
    let peer = try child.load().own
    let rig = try await LinkRig(site.authority.identity, clock: { Site.now })
    #expect(try await rig.connect(child, clock: Site.now) == .greeted("tiexi-03"))
    #expect(rig.tls.refusal(of: peer) == nil)
    let renewed = try site.authority.renew(site.street, at: Site.now.addingTimeInterval(Site.day))
    rig.tls.look()
    #expect(rig.tls.own.serial == renewed.serial)
    #expect(try await rig.connect(child, clock: Site.now) == .greeted("tiexi-03"))
    try site.authority.revoke(peer.serial, at: Site.now)
    rig.tls.look()
    #expect(rig.tls.refusal(of: peer) == .revoked(peer.serial), "a connection that stands is to be ended")
    #expect(try await rig.connect(child, clock: Site.now) == .refusedByPeer)
    try await rig.stop()
  }

  /// The parent's certificate revoked, the list brought down: the child speaks to it no more.
  @Test(.timeLimit(.minutes(1))) func aChildRefusesARevokedParent() async throws {
    let site = try Site()
    let child = try site.identity("tiexi-03")
    let rig = try await LinkRig(site.authority.identity, clock: { Site.now })
    let serial = try site.authority.identity.load().own.serial
    try child.store(
      revocations: RevocationList(authority: try child.load().authorityHash, number: 1, serials: [serial]))
    #expect(try await rig.connect(child, clock: Site.now) == .refused(.revoked(serial)))
    try await rig.stop()
  }

  /// Connections that say nothing, or nonsense, are cut; a station still gets in.
  @Test(.timeLimit(.minutes(1))) func whoSaysNothingIsCut() async throws {
    let site = try Site()
    let child = try site.identity("tiexi-03")
    let rig = try await LinkRig(site.authority.identity, clock: { Site.now }, handshakeTime: .milliseconds(500))
    let port = rig.port
    let script =
      "for i in $(seq 20); do (exec 3<>/dev/tcp/127.0.0.1/\(port); timeout 20 cat <&3 >/dev/null; echo $?) & done; wait"
    let silent = try Program.run("/bin/bash", ["-c", script])
    #expect(silent.output == String(repeating: "0\n", count: 20), "closed by the server, not by the time-out of cat")
    let nonsense = try Program.run("/usr/bin/curl", ["-s", "--max-time", "20", "http://127.0.0.1:\(port)/"])
    #expect(nonsense.status != 0 && nonsense.status != 28)
    #expect(try await rig.connect(child, clock: Site.now) == .greeted("tiexi-03"))
    try await rig.stop()
  }

  /// The parent's key became known: revoked, a new one, and its children connect as before, without joining again.
  @Test(.timeLimit(.minutes(1))) func aParentGetsANewKeyWithoutItsChildrenJoiningAgain() async throws {
    let site = try Site()
    let child = try site.identity("tiexi-03")
    let rig = try await LinkRig(site.authority.identity, clock: { Site.now })
    let old = try site.authority.identity.load().own.serial
    try site.authority.revoke(old, at: Site.now)
    #expect(throws: IdentityError.noCertificateFor(site.street)) { try site.authority.renew(site.street, at: Site.now) }
    let new = try site.authority.rekey(at: Site.now)
    rig.tls.look()
    try child.store(revocations: site.authority.revocations())
    #expect(try child.load().revocations.serials == [old])
    #expect(try await rig.connect(child, clock: Site.now, expecting: site.street) == .greeted("tiexi-03"))
    #expect(rig.tls.own.serial == new.serial && rig.tls.problem == nil)
    // Stopped between the two steps of the exchange, the next start finishes it.
    let station = site.authority.identity.folder
    try FileManager.default.moveItem(atPath: station, toPath: "\(station).making")
    #expect(try CertificateAuthority(folder: site.authority.folder).identity.load().own.serial == new.serial)
    try await rig.stop()
  }

  /// Damage while running: calls still pass, with what was good until then, and it is said.
  @Test(.timeLimit(.minutes(1))) func damagedFilesStopNoRunningStation() async throws {
    let site = try Site()
    let child = try site.identity("tiexi-03")
    let rig = try await LinkRig(site.authority.identity, clock: { Site.now })
    #expect(rig.tls.problem == nil)
    try "damage".write(toFile: site.authority.identity.certificateFile, atomically: true, encoding: .utf8)
    rig.tls.look()
    #expect(rig.tls.problem != nil)
    #expect(try await rig.connect(child, clock: Site.now) == .greeted("tiexi-03"))
    try await rig.stop()
  }
}
