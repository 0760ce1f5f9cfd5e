import DeviceKit
import DeviceVocabulary
import Station
import Testing

/// Whoever asks for more than a wall can be switched by hand is refused, and the disk is not filled with it.
@Suite struct WallRateTests {
  private func scene(_ number: Int) -> WallAction { .scene(number.isMultiple(of: 2) ? "night" : "day") }

  private func refusals(_ bench: Bench) -> [WallChange] {
    bench.wallChanges.filter { if case .wishesRefused = $0 { true } else { false } }
  }

  /// What the issue asks of an operator's page.
  @Test func twentyASecondForAMinuteAreAllTaken() {
    var bench = Bench.withWall()
    for number in 0..<1200 {
      bench.pass(.milliseconds(50))
      #expect(bench.wall(scene(number)) == .done)
    }
    bench.pass(.seconds(61))
    #expect(bench.wallChanges.count == 1200 && bench.wallView?.scenes.first?.lit != .off)
  }

  @Test func twoHundredASecondFillNoDiskAndAreCountedOnceAMinute() {
    var bench = Bench.withWall()
    var (done, same) = (0, 0)
    for number in 0..<24_000 {
      bench.pass(.milliseconds(5))
      switch bench.wall(scene(number)) {
      case .done: done += 1
      case .refused(.alreadyDone): same += 1
      case let answer: #expect(answer == .refused(.tooManyWishes))
      }
    }
    #expect((3_600...3_700).contains(done + same), "30 a second, and 60 at the beginning")
    bench.pass(.seconds(61))
    let counts = refusals(bench).map { if case .wishesRefused("desk", let count) = $0 { count } else { 0 } }
    #expect(counts.count <= 3 && counts.reduce(0, +) == 24_000 - done - same, "\(counts)")
    #expect(bench.wallChanges.count == done + counts.count)
    // The last wish that was taken stands, and the next one is taken again.
    bench.wall(.scene("night"))
    #expect(bench.wished[0] == "gate")
  }

  @Test func anotherPostARehearsalAndACallAreNotHeldUp() {
    var bench = Bench.withWall()
    for number in 0..<500 { bench.wall(scene(number)) }
    #expect(bench.wall(.scene("day")) == .refused(.tooManyWishes))
    #expect(bench.wall(.scene("day"), by: "lead") == .done)
    guard case .rehearsed = bench.wall(.rehearse(.scene("night"))) else {
      Issue.record("a rehearsal switches nothing, and is not counted")
      return
    }
    bench.press("A/1/2", sequence: 1)
    #expect(bench.wished[0] == "cam-yard", "a call's picture is no wish of a post")
  }

  @Test func whatWasCountedIsWrittenDownBeforeTheEnd() {
    var bench = Bench.withWall()
    for number in 0..<100 { bench.wall(scene(number)) }
    #expect(refusals(bench).isEmpty)
    bench.give(.stopping)
    #expect(refusals(bench) == [.wishesRefused(post: "desk", count: 40)])
    #expect(bench.entries.last?.change == .stopped)
  }
}
