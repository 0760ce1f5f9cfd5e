import DeviceKit
import DeviceVocabulary
import Station
import Testing

/// When displays are on, in which order they are switched on, and that somebody sees which one is which.
@Suite struct WallPowerTests {
  /// Displays that are on from 08:00 to 18:00; the bench's clock stands at `hour`.
  private static func bench(hour: Int64, hours: [WallPlan.Scene.Span] = [.init(fromMinute: 480, toMinute: 1080)]) -> Bench {
    var plan = Bench.walled
    plan.wall?.displayHours = hours
    var bench = Bench(plan: plan)
    bench.wall.utcOffsetSeconds = 0
    bench.wall.unixMilliseconds += hour * 3_600_000 - bench.wall.unixMilliseconds % 86_400_000
    for device in Bench.walled.wall?.devices ?? [] { bench.give(.wall(device, .healthChanged(.online))) }
    return bench
  }

  /// All devices are read: panels off, the matrix as wished.
  private static func allOff(_ bench: inout Bench) {
    for number in 1...9 { bench.give(.wall("p\(number)", .observed(1, .display(.init(isOn: false))))) }
    for wish in bench.wallWishes["hub"] ?? [] { bench.give(.wall("hub", .observed(wish.number, wish.setting))) }
  }

  @Test func afterAPowerCutTheyGoOnOneAfterTheOther() {
    var bench = Self.bench(hour: 10)
    #expect((1...9).allSatisfy { bench.isHeld($0) }, "nobody knows yet whether they are on")
    Self.allOff(&bench)
    #expect((1...9).map { bench.isHeld($0) } == [false] + Array(repeating: true, count: 8))
    #expect(bench.proof(2) == .poweringOn && bench.proof(1) == .switching)
    for on in 2...9 {
      bench.pass(.milliseconds(499))
      #expect((1...9).count { !bench.isHeld($0) } == on - 1)
      bench.pass(.milliseconds(1))
      #expect((1...9).count { !bench.isHeld($0) } == on)
    }
    bench.obeyWall()
    #expect((1...9).allSatisfy { bench.proof($0) == .verified(picture: nil) })
    // One that comes back alone waits for nobody.
    bench.pass(.seconds(1))
    bench.give(.wall("p7", .healthChanged(.absent)))
    #expect(bench.isHeld(7))
    bench.give(.wall("p7", .healthChanged(.online)))
    bench.give(.wall("p7", .observed(1, .display(.init(isOn: false)))))
    #expect(!bench.isHeld(7))
  }

  @Test func thoseThatWereFoundOnWaitForNobody() {
    var bench = Self.bench(hour: 10)
    bench.obeyWall()
    #expect((1...9).allSatisfy { !bench.isHeld($0) && bench.proof($0) == .verified(picture: nil) })
  }

  @Test func byNightTheyAreOffAndSayIt() {
    var bench = Self.bench(hour: 17)
    bench.obeyWall()
    bench.obeyWall()
    #expect(bench.isOn(1) && bench.wallView?.displaysRest == false)
    bench.pass(.seconds(3600))
    #expect(!bench.isOn(1) && bench.wallView?.displaysRest == true)
    bench.obeyWall()
    #expect(bench.wallView?.tiles.allSatisfy { $0.isOff && $0.shown == nil && $0.proof == .verified(picture: nil) } == true)
    bench.pass(.seconds(14 * 3600))
    #expect(bench.isOn(1), "08:00")
  }

  @Test func aCallByNightBringsItsOwnDisplaysOnFirst() {
    var bench = Self.bench(hour: 22)
    bench.obeyWall()
    Self.allOff(&bench)
    bench.press("A/1/2", sequence: 1)
    #expect(bench.wished[0] == "cam-yard" && bench.isOn(1) && !bench.isHeld(1))
    for _ in 0..<3 { bench.pass(.milliseconds(500)) }
    #expect([1, 2, 4, 5].allSatisfy { bench.isOn($0) && !bench.isHeld($0) })
    #expect([3, 6, 7, 8, 9].allSatisfy { !bench.isOn($0) }, "nobody needs the others")
    let id = bench.view.incidents.first?.id ?? 0
    bench.ask("desk", .acknowledge(id))
    bench.ask("desk", .onScene(id))
    bench.ask("desk", .resolve(id, note: "扶起"))
    bench.ask("desk", .close(id))
    #expect((1...9).allSatisfy { !bench.isOn($0) }, "and off again")
  }

  @Test func aSceneThatSomebodyTouchesByNightIsSeenUntilTheNextEvening() {
    var bench = Self.bench(hour: 22)
    #expect(!bench.isOn(1))
    bench.wall(.scene("day"))
    #expect(bench.isOn(1))
    bench.pass(.seconds(19 * 3600))
    #expect(bench.isOn(1), "17:00")
    bench.pass(.seconds(3600))
    #expect(!bench.isOn(1), "18:00: nobody has to remember")
  }

  @Test func disarmedTheClockSwitchesNothingOff() {
    var bench = Self.bench(hour: 17)
    bench.wall(.arm(false))
    bench.pass(.seconds(2 * 3600))
    #expect(bench.isOn(1))
    bench.wall(.arm(true))
    #expect(!bench.isOn(1))
  }

  // MARK: - Which one is it

  @Test func anOutputOfAMatrixShowsSomethingElseForAMoment() {
    var bench = Bench.withWall()
    #expect(bench.route(1) == 5)
    #expect(bench.wall(.identify(1, seconds: 10)) == .done)
    #expect(bench.route(1) == 4 && bench.route(2) == 5, "the notice board: no camera, and nothing that is not for everybody")
    #expect(bench.wallView?.tiles[0].isIdentified == true)
    bench.pass(.milliseconds(9_999))
    #expect(bench.route(1) == 4)
    bench.pass(.milliseconds(1))
    #expect(bench.route(1) == 5 && bench.wallView?.tiles[0].isIdentified == false)
    bench.wall(.identify(1, seconds: 10))
    bench.wall(.identify(1, seconds: 0))
    #expect(bench.route(1) == 5, "and it is ended by hand")
    bench.wall(.identify(1, seconds: 3600))
    #expect(
      bench.wallChanges == [
        .identified(output: 1, seconds: 10, post: "desk"), .identified(output: 1, seconds: 10, post: "desk"),
        .identified(output: 1, seconds: 30, post: "desk"),
      ], "who changed what the wall showed, and for how long")
  }

  @Test func aCallIsNotCoveredByIt() {
    var bench = Bench.withWall()
    bench.wall(.identify(1, seconds: 30))
    bench.press("A/1/2", sequence: 1)
    #expect(bench.wished[0] == "cam-yard" && bench.route(1) == 2)
  }

  @Test func whatCannotShowItselfSaysSo() {
    var plan = Bench.walled
    plan.wall?.outputs[0].display = nil
    plan.wall?.sources.removeAll { $0.id == "board" }
    plan.wall?.sources.removeAll { $0.id == "meet" }
    var bench = Bench(plan: plan)
    bench.give(.wall("p2", .healthChanged(.online)))
    #expect(bench.wall(.identify(1, seconds: 10)) == .refused(.nothingToShow))
    #expect(bench.wall(.identify(2, seconds: 10)) == .done, "its display blinks")
    #expect(bench.wall(.identify(77, seconds: 10)) == .refused(.unknownOutput))
    #expect(bench.wallChanges == [.identified(output: 2, seconds: 10, post: "desk")], "what was refused has shown nothing")
  }

  // MARK: - Cards

  @Test func aReTestAsksWhatTheCardIsAbout() {
    var bench = Bench.withWall()
    bench.give(.source("gate", .dead(reason: "wrong password")))
    #expect(bench.ask("desk", .retest(FaultKey(.source("gate"), .sourceDead))) == .underWay)
    #expect(bench.keyEffects.contains { $0 == .sourceRetest("gate") })
    bench.give(.source("gate", .live))
    bench.pass(.seconds(11))
    #expect(!bench.view.faults.contains { $0.key.kind == .sourceDead })
    bench.give(.wall("p3", .healthChanged(.absent)))
    bench.pass(.seconds(4))
    #expect(bench.ask("desk", .retest(FaultKey(.wall("p3"), .wallSilent))) == .underWay)
    #expect(bench.keyEffects.contains { $0 == .wallRetest("p3") })
    bench.pass(.seconds(11))
    #expect(bench.view.faults.contains { $0.key.kind == .wallSilent && $0.present }, "it is as silent as before")
  }
}

extension Bench {
  private func display(_ number: Int) -> DisplaySetting? {
    guard case .display(let setting)? = wallWishes["p\(number)"]?.first?.setting else { return nil }
    return setting
  }
  fileprivate func isOn(_ number: Int) -> Bool { display(number)?.isOn ?? false }
  /// It has to wait for its turn.
  fileprivate func isHeld(_ number: Int) -> Bool { display(number)?.mayStayOff ?? false }
}
