import Foundation
import SwiftASN1
import Testing
import X509

@testable import StationIdentity

@Suite struct PeerCheckTests {
  private func check(
    _ chain: [Data], _ site: Site, at now: Date = Site.now, journal: Date? = nil, revocations: RevocationList? = nil,
    expected: StationName? = nil
  ) throws -> Result<PeerIdentity, PeerRefusal> {
    PeerCheck.check(
      chain: chain, root: try site.rootDER, revocations: revocations, time: LinkTime(clock: now, newestJournalTime: journal),
      expected: expected)
  }

  @Test func aStationOfTheSameAuthorityIsKnownByItsName() throws {
    let site = try Site(community: "铁西社区3")
    let own = try site.identity("铁西社区3").load()
    let found = try check([own.certificateDER], site).get()
    #expect(found == own.own && found.station == site.community)
    #expect(try check([own.certificateDER, site.rootDER], site).get() == found, "what else is sent changes nothing")
    #expect(try check([own.certificateDER], site, expected: site.community).get() == found)
  }

  @Test func everyRefusalHasItsName() throws {
    let site = try Site()
    let stranger = try Site()
    let store = try site.identity("tiexi-03")
    let own = try store.load()
    let der = own.certificateDER
    #expect(try check([], site) == .failure(.noCertificate))
    #expect(try check([Data()], site) == .failure(.brokenChain("no certificate")))
    #expect(try check([der.dropLast()], site) == .failure(.brokenChain("no certificate")))
    #expect(try check([stranger.identity("tiexi-03").load().certificateDER], site) == .failure(.foreign))
    #expect(try check([der], stranger) == .failure(.foreign), "the same names, another key")
    let after = own.own.notAfter.addingTimeInterval(1)
    #expect(try check([der], site, at: after) == .failure(.expired(since: own.own.notAfter, now: after)))
    let before = own.own.notBefore.addingTimeInterval(-1)
    #expect(try check([der], site, at: before) == .failure(.notYetValid(from: own.own.notBefore, now: before)))
    try site.authority.revoke(own.own.serial, at: Site.now)
    let revocations = try site.authority.revocations()
    #expect(try check([der], site, revocations: revocations) == .failure(.revoked(own.own.serial)))
    #expect(try check([der], site, at: after, revocations: revocations) == .failure(.revoked(own.own.serial)))
    #expect(
      try check([der], site, expected: site.street) == .failure(.otherStation(expected: site.street, found: site.community)))
    #expect(try check([site.rootDER], site) == .failure(.brokenChain("an authority's own certificate")))
    #expect(PeerCheck.check(chain: [der], root: Data(), revocations: nil, time: LinkTime(clock: Site.now)) == .failure(.foreign))
  }

  /// A clock that was set back locks nobody out as long as the journal knows a newer time.
  @Test(arguments: [Site.day, Site.year]) func aClockSetBackLocksNobodyOut(_ back: TimeInterval) throws {
    let site = try Site()
    let der = try site.identity("tiexi-03").load().certificateDER
    let clock = Site.now.addingTimeInterval(-back)
    #expect((try? check([der], site, at: clock, journal: Site.now).get()) != nil)
    // Nor does it bring an expired one back.
    let end = Site.now.addingTimeInterval(3 * Site.year)
    guard case .failure(.expired) = try check([der], site, at: Site.now, journal: end) else {
      Issue.record("accepted after its end")
      return
    }
  }

  @Test func aDayBackIsCoveredByTheWeekAlone() throws {
    let site = try Site()
    let der = try site.identity("tiexi-03").load().certificateDER
    #expect((try? check([der], site, at: Site.now.addingTimeInterval(-Site.day)).get()) != nil)
    #expect((try? check([der], site, at: Site.now.addingTimeInterval(-Site.year)).get()) == nil)
  }

  @Test func aNameMustBeOneAndOurs() throws {
    let site = try Site()
    let good = "urn:linli:station:a"
    for names in [[], ["urn:other:a"], [good, "urn:linli:station:b"], ["urn:linli:station:"], ["urn:linli:station:%61"]] {
      let der = try site.forged(names: names) {
        Critical(BasicConstraints.notCertificateAuthority)
        Critical(KeyUsage(digitalSignature: true))
      }
      #expect(try check([der], site) == .failure(.noName), "\(names)")
    }
    let der = try site.forged(names: [good]) { Critical(KeyUsage(digitalSignature: true)) }
    #expect(try check([der], site).get().station.text == "a")
  }

  @Test func whatIsCriticalAndUnknownIsRefused() throws {
    let site = try Site()
    let name = "urn:linli:station:a"
    let critical = try site.forged(names: [name]) {
      Critical(KeyUsage(digitalSignature: true))
      Certificate.Extension(oid: [1, 2, 3, 4], critical: true, value: [5, 0])
    }
    #expect(try check([critical], site) == .failure(.brokenChain("unknown critical extension")))
    let harmless = try site.forged(names: [name]) {
      Critical(KeyUsage(digitalSignature: true))
      Certificate.Extension(oid: [1, 2, 3, 4], critical: false, value: [5, 0])
    }
    #expect((try? check([harmless], site).get()) != nil)
    let signer = try site.forged(names: [name]) { Critical(KeyUsage(keyCertSign: true)) }
    #expect(try check([signer], site) == .failure(.brokenChain("not made for signing")))
  }

  /// Bytes of a peer, changed anywhere: never a trap, never anybody else. (One change is accepted, as the library does: the number of
  /// unused bits of the signature. It changes nothing that anybody reads.)
  @Test func noChangedByteMakesAnybodyElse() throws {
    let site = try Site()
    let own = try site.identity("tiexi-03").load()
    let der = own.certificateDER
    let root = site.authority.root
    var accepted = 0
    for place in der.indices {
      for bit in [UInt8(1), 128] {
        var changed = der
        changed[place] ^= bit
        switch PeerCheck.check(chain: [changed], root: root, revocations: nil, time: LinkTime(clock: Site.now)) {
        case .failure: break
        case .success(let peer):
          accepted += 1
          #expect(peer == own.own, "byte \(place)")
        }
      }
      let cut = PeerCheck.check(chain: [der.prefix(place)], root: root, revocations: nil, time: LinkTime(clock: Site.now))
      #expect(throws: PeerRefusal.self) { try cut.get() }
    }
    #expect(accepted <= 1)
  }

  @Test func expiryIsWarnedAMonthAhead() throws {
    let site = try Site()
    let own = try site.authority.identity.load().own
    #expect(own.expiryWarning(at: own.notAfter.addingTimeInterval(-30 * Site.day)) == nil)
    let soon = own.notAfter.addingTimeInterval(-29.5 * Site.day)
    #expect(own.daysLeft(at: soon) == 29)
    #expect(own.expiryWarning(at: soon)?.english == "the certificate of yunfeng ends in 29 days: renew it")
    #expect(own.expiryWarning(at: own.notAfter.addingTimeInterval(1))?.chinese == "站点 yunfeng 的证书已过期,请更新")
    #expect(own.daysLeft(at: .distantPast) == 1_000_000 || own.daysLeft(at: .distantPast) > 700_000)
  }

  @Test func everyRefusalIsSaidInBothLanguages() throws {
    let name = try StationName("a")
    let all: [PeerRefusal] = [
      .noCertificate, .brokenChain("x"), .foreign, .revoked(try Serial("1f")), .notYetValid(from: Site.now, now: Site.now),
      .expired(since: Site.now, now: Site.now), .noName, .otherStation(expected: name, found: name),
      .ownClock(.behind(clock: Site.now, proven: Site.now)), .ownClock(.ahead(clock: Site.now, ended: Site.now)),
    ]
    #expect(Set(all.map(\.code)).count == all.count - 1)
    for refusal in all {
      #expect(refusal.description == "\(refusal.chinese) / \(refusal.english)")
      let isOwn = refusal.code == "ownClock"
      #expect(refusal.chinese.contains(isOwn ? "本机时钟" : "对方") && refusal.english.contains(isOwn ? "clock" : "peer"))
    }
  }
}
