import DeviceKit
import ONVIFDriver
import RTSPDriver
import Station
import Testing

@testable import StationRuntime

@Suite struct SourceRoundTests {
  private let start = Instant(microseconds: 1_000_000)

  @Test func eachHasItsTurnAndNoneIsAskedTwiceAtOnce() {
    var round = SourceRound((1...20).map { "s\($0)" }, at: start)
    var now = start
    var busy: [(String, Instant)] = []
    var times: [String: [Instant]] = [:]
    for _ in 0..<600 {
      now = now + .milliseconds(100)
      for item in busy where item.1 <= now { _ = round.finished(item.0, .live, at: now) }
      busy.removeAll { $0.1 <= now }
      while busy.count < 4, let id = round.take(at: now) {
        #expect(!busy.contains { $0.0 == id })
        busy.append((id, now + .milliseconds(400)))
        times[id, default: []].append(now)
      }
    }
    #expect(times.count == 20)
    for (id, asked) in times {
      for (one, next) in zip(asked, asked.dropFirst()) { #expect(next - one <= .seconds(9), "\(id)") }
    }
  }

  @Test func aCameraThatDoesNotTellItsAddressIsDeadForAReason() {
    var round = SourceRound(["a"], at: start)
    #expect(round.take(at: start) == "a")
    #expect(round.failed("a", .unreachable, at: start) == nil)
    _ = round.take(at: start + .seconds(1))
    #expect(
      round.failed("a", .noProfile(["main"]), at: start + .seconds(2))
        == .dead(reason: "没有这个 profile;有 / no such profile; there are: main"))
    #expect(round.deadline == start + .seconds(10))
    _ = round.take(at: start + .seconds(10))
    _ = round.failed("a", .wrongPassword, at: start + .seconds(10))
    #expect(round.deadline == nil, "it is not asked again with the same password")
    round.retest("a", at: start + .seconds(20))
    #expect(round.deadline == start + .seconds(20))
  }

  @Test func oneLostAnswerIsNoDeadCamera() {
    var round = SourceRound(["a"], at: start)
    #expect(round.take(at: start) == "a")
    #expect(round.finished("a", .unreachable, at: start) == nil)
    #expect(round.deadline == start + .seconds(1) && round.take(at: start + .seconds(1)) == "a")
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

  @Test func anythingElseIsNamed() {
    var round = SourceRound(["a"], at: start)
    #expect(round.finished("a", .refused(status: 404, "Not Found"), at: start) == .dead(reason: "RTSP 404 Not Found"))
    #expect(round.finished("a", .noVideo, at: start) == .dead(reason: "没有视频 / no video"))
    #expect(round.finished("b", .live, at: start) == nil && SourceRound([], at: start).deadline == nil)
  }
}
