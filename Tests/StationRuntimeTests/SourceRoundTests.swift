import DeviceKit
import ONVIFDriver
import RTSPDriver
import Station
import Testing

@testable import StationRuntime

@Suite struct SourceRoundTests {
  private let start = Instant(microseconds: 1_000_000)

  /// A wall's sources in virtual time: each check takes as long as what it asks needs to answer, and comes to what was so when it began.
  private struct Site {
    enum Camera {
      case delivers
      /// Takes the connection and says nothing, for the whole of a check.
      case silent
      /// Nobody is there, which is known at once.
      case refuses
    }
    var round: SourceRound
    var cameras: [String: Camera]
    var now: Instant
    var underWay: [(id: String, verdict: StreamVerdict, end: Instant)] = []
    var begun: [String: [Instant]] = [:]
    var told: [(id: String, state: SourceState, at: Instant)] = []

    init(_ cameras: [String: Camera], at start: Instant) {
      round = SourceRound(cameras.keys.sorted(), at: start)
      self.cameras = cameras
      now = start
    }

    /// As the watch does it, which looks ten times a second.
    mutating func pass(_ interval: Interval) {
      let end = now + interval
      while now < end {
        now = now + .milliseconds(100)
        for check in underWay where check.end <= now {
          if let state = round.finished(check.id, check.verdict, at: now) { told.append((check.id, state, now)) }
        }
        underWay.removeAll { $0.end <= now }
        while let id = round.take(at: now) {
          #expect(!underWay.contains { $0.id == id }, "none is asked twice at once")
          let length: Interval =
            switch cameras[id] {
            case .silent: HealthCheck.answerLimit
            case .refuses: .milliseconds(1)
            default: .milliseconds(400)
            }
          underWay.append((id, cameras[id] == .delivers ? .live : .unreachable, now + length))
          begun[id, default: []].append(now)
        }
      }
    }

    func lastTold(_ id: String) -> (state: SourceState, at: Instant)? { told.last { $0.id == id }.map { ($0.state, $0.at) } }
  }

  private func names(_ count: Int) -> [String] { (0..<count).map { "s\($0)" } }

  @Test(arguments: [1, 20, 200]) func eachThatDeliversIsAskedInTime(count: Int) {
    var site = Site(Dictionary(uniqueKeysWithValues: names(count).map { ($0, .delivers) }), at: start)
    site.pass(.seconds(120))
    #expect(site.begun.count == count)
    for (id, asked) in site.begun {
      for (one, next) in zip(asked, asked.dropFirst()) { #expect(next - one <= .seconds(7), "\(id)") }
    }
  }

  /// However many are dead, by silence or because nobody is there: the living one is seen to die, and the death is told within 15 s.
  @Test(arguments: [0, 40, 199], Array(UInt64(1)...5)) func theDeadStarveNobody(dead: Int, seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    var cameras: [String: Site.Camera] = [:]
    for name in names(dead) { cameras[name] = random.below(4) == 0 ? .refuses : .silent }
    cameras["good"] = .delivers
    var site = Site(cameras, at: start)
    site.pass(.seconds(20) + .milliseconds(100 * Int(random.below(400))))
    let lives = site.told.filter { $0.id == "good" }
    #expect(lives.allSatisfy { $0.state == .live })
    for (one, next) in zip(lives, lives.dropFirst()) { #expect(next.at - one.at <= .seconds(7)) }
    for name in names(dead) { #expect(try #require(site.lastTold(name)).state == .dead(reason: "没有应答 / no answer"), "\(name)") }
    cameras["good"] = .silent
    let died = site.now
    site.cameras = cameras
    site.pass(.seconds(15))
    let (state, at) = try #require(site.lastTold("good"))
    #expect(state != .live && at - died <= .seconds(15))
  }

  /// A switch dies and takes all but one with it: that one is still seen to deliver, and stays within its time to live.
  @Test(arguments: [40, 200]) func theOneThatIsLeftStaysLive(count: Int) throws {
    var site = Site(Dictionary(uniqueKeysWithValues: names(count).map { ($0, .delivers) }), at: start)
    site.pass(.seconds(30))
    for name in names(count).dropFirst() { site.cameras[name] = .silent }
    site.pass(.seconds(60))
    let lives = site.told.filter { $0.id == "s0" }
    for (one, next) in zip(lives, lives.dropFirst()) { #expect(next.at - one.at <= Station.sourceTimeToLive) }
    #expect(try site.now - #require(lives.last).at <= Station.sourceTimeToLive)
    for name in names(count).dropFirst() { #expect(try #require(site.lastTold(name)).state != .live) }
  }

  @Test func theDeadAreAskedLessOftenAndAreBackByThemselves() throws {
    var site = Site(["a": .refuses], at: start)
    site.pass(.seconds(300))
    let waits = try #require(site.begun["a"]).adjacent { $1 - $0 }
    #expect(waits.dropFirst().prefix(4).allSatisfy { $0 >= .seconds(6) } && waits.max() ?? .zero >= .seconds(30))
    #expect(waits.allSatisfy { $0 <= SourceRound.longestInterval + .milliseconds(200) })
    site.cameras["a"] = .delivers
    site.pass(SourceRound.longestInterval + .seconds(1))
    #expect(try #require(site.lastTold("a")).state == .live)
    site.pass(.seconds(20))
    #expect(try #require(site.begun["a"]).adjacent { $1 - $0 }.suffix(2).allSatisfy { $0 <= .seconds(7) }, "as often as ever")
  }

  /// Somebody has seen to one of two hundred: it is asked at once, whatever is under way.
  @Test func whatIsRetestedWaitsForNoLane() throws {
    var site = Site(Dictionary(uniqueKeysWithValues: names(200).map { ($0, .silent) }), at: start)
    site.pass(.seconds(200))
    // One that is not being asked, and one that is: that one is asked again as soon as its check is done.
    let idle = try #require(names(200).first { id in !site.underWay.contains { $0.id == id } })
    let busy = try #require(site.underWay.last)
    for id in [idle, busy.id] {
      site.cameras[id] = .delivers
      site.round.retest(id, at: site.now)
    }
    let asked = site.now
    site.pass(.milliseconds(700))
    #expect(try #require(site.lastTold(idle)).state == .live)
    site.pass(busy.end - asked + .seconds(1))
    #expect(try #require(site.begun[busy.id]?.last) > asked && site.lastTold(busy.id)?.state == .live)
  }

  @Test func aCameraThatDoesNotTellItsAddressIsDeadForAReason() {
    var round = SourceRound(["a"], at: start)
    #expect(round.take(at: start) == "a")
    #expect(round.failed("a", .unreachable, at: start) == nil)
    _ = round.take(at: start + .seconds(1))
    #expect(
      round.failed("a", .noProfile(["main"]), at: start + .seconds(2))
        == .dead(reason: "没有这个 profile;有 / no such profile; there are: main"))
    #expect(round.deadline == start + .seconds(8))
    _ = round.take(at: start + .seconds(8))
    _ = round.failed("a", .wrongPassword, at: start + .seconds(8))
    #expect(round.deadline == nil, "it is not asked again with the same password")
    round.retest("a", at: start + .seconds(20))
    #expect(round.deadline == start + .seconds(20))
  }

  @Test func oneLostAnswerIsNoDeadCamera() {
    var round = SourceRound(["a"], at: start)
    #expect(round.take(at: start) == "a")
    #expect(round.finished("a", .unreachable, at: start) == nil)
    #expect(round.deadline == start + .milliseconds(500) && round.take(at: start + .seconds(1)) == "a")
    #expect(round.finished("a", .unreachable, at: start + .seconds(4)) == .dead(reason: "没有应答 / no answer"))
    _ = round.take(at: start + .seconds(20))
    #expect(round.finished("a", .noPackets, at: start + .seconds(20)) == .stale)
    _ = round.take(at: start + .seconds(40))
    #expect(round.finished("a", .live, at: start + .seconds(40)) == .live)
  }

  @Test func aWrongPasswordIsNotTriedAgainUntilSomebodySaysSo() {
    var round = SourceRound(["a"], at: start)
    _ = round.take(at: start)
    #expect(round.finished("a", .wrongPassword, at: start) == .dead(reason: "密码不对,不再试 / wrong password, not tried again"))
    #expect(round.deadline == nil && round.take(at: start + .seconds(9_999)) == nil)
    round.retest("a", at: start)
    #expect(round.take(at: start) == "a")
  }

  @Test func aRetestWhileAWrongPasswordIsFoundIsAsked() {
    var round = SourceRound(["a"], at: start)
    _ = round.take(at: start)
    round.retest("a", at: start + .seconds(1))
    #expect(round.take(at: start + .seconds(1)) == nil)
    _ = round.finished("a", .wrongPassword, at: start + .seconds(2))
    #expect(round.take(at: start + .seconds(2)) == "a", "the password may have been set right since that check began")
  }

  @Test func anythingElseIsNamed() {
    var round = SourceRound(["a"], at: start)
    #expect(round.finished("a", .refused(status: 404, "Not Found"), at: start) == .dead(reason: "RTSP 404 Not Found"))
    #expect(round.finished("a", .noVideo, at: start) == .dead(reason: "没有视频 / no video"))
    #expect(round.finished("b", .live, at: start) == nil && SourceRound([], at: start).deadline == nil)
  }
}

extension Array {
  fileprivate func adjacent<Value>(_ make: (Element, Element) -> Value) -> [Value] { zip(self, dropFirst()).map(make) }
}
