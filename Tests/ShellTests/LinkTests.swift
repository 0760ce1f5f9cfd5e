import DeviceKit
import DeviceVocabulary
import Foundation
import Station
import TestSupport
import Testing

/// A street and a community, both the real program, and between them a line that fails.
@Suite(.serialized) struct LinkTests {
  @Test func theLampIsSteadyOnlyWhenTheStreetHasTheCallOnDisk() throws {
    let pair = try StationPair()
    _ = try pair.start()
    pair.lines[0].hole()
    _ = try pair.community.panels("press 1/1")
    try pair.community.waitUntilLamp(1, 1, shows: "slow")
    for _ in 0..<20 {
      #expect(try pair.community.lamp(1, 1) == "slow" && pair.openings().street.isEmpty)
      usleep(50_000)
    }
    pair.lines[0].heal()
    try pair.community.waitUntilLamp(1, 1, shows: "steady")
    #expect(try pair.openings().street == [1])
    _ = try pair.community.panels("press 2/2")
    try pair.community.waitUntilLamp(2, 2, shows: "steady")
    #expect(try pair.openings().street == [1, 2])
    #expect(try pair.differences() == [])
  }

  @Test func whileTheLineIsCutTheLampStaysAtRecordedAndHealsByItself() throws {
    let pair = try StationPair()
    let (street, community) = try pair.start()
    pair.lines[0].cut()
    _ = try pair.community.panels("press 1/1")
    try pair.community.waitUntilLamp(1, 1, shows: "slow")
    // What nobody has may not be claimed, and everything else goes on: the desk acknowledges, and the lamp says that somebody comes.
    #expect(try pair.community.desk("acknowledge 1 desk").contains("done"))
    try pair.community.waitUntilLamp(1, 1, shows: "coming")
    _ = try pair.community.panels("press 2/1")
    try pair.community.waitUntilLamp(2, 1, shows: "slow")
    #expect(try pair.openings().street.isEmpty)
    pair.lines[0].heal()
    try pair.community.waitUntilLamp(2, 1, shows: "steady")
    #expect(try pair.community.lamp(1, 1) == "coming", "a lamp never goes back a step")
    try pair.community.waitUntil("the street has everything") { try pair.missing().isEmpty }
    #expect(try pair.community.stop(community) == 0 && pair.street.stop(street) == 0)
    #expect(try pair.differences() == [])
  }

  /// Connections stand and nothing comes: no error tells of it, only time.
  @Test func aBlackHoleIsShownOnBothDesks() throws {
    let pair = try StationPair()
    _ = try pair.start()
    pair.lines[0].hole()
    let child = StationPair.communityName
    try pair.community.waitUntil("the community's desk shows it", seconds: 90) {
      let faults = try pair.community.faults()
      return faults["^main:pathDown"] == true && faults["^:parentLost"] == true
    }
    // A child that was never silent for long has a grace after the street's start.
    try pair.street.waitUntil("the street's desk shows it", seconds: 120) {
      let faults = try pair.street.faults()
      return faults["@\(child)^main:childPathDown"] == true && faults["@\(child):childLost"] == true
    }
    _ = try pair.community.panels("press 1/1")
    try pair.community.waitUntilLamp(1, 1, shows: "slow")
    pair.lines[0].heal()
    try pair.community.waitUntilLamp(1, 1, shows: "steady")
    try pair.community.waitUntil("the street has everything") { try pair.missing().isEmpty }
    #expect(try pair.differences() == [])
  }

  /// 5 s up, 20 s down, as a loose plug does it: one fault at each end however often, and what came in between is there once.
  @Test func aLineThatFlapsIsOneFaultAtEachEndAndLosesNothing() throws {
    let isLong = ProcessInfo.processInfo.environment["LINLI_LONG"] != nil
    let pair = try StationPair(panels: 8)
    let cable = try pair.cable()
    _ = try pair.start()
    let rounds = isLong ? 40 : 3
    for round in 0..<rounds {
      #expect(try cable("cut").contains("ok"))
      _ = try pair.community.panels("press \(round % 8 + 1)/1")
      _ = try pair.community.desk("bypass A/\(round % 8 + 1)/2 desk 5 检修")
      sleep(20)
      #expect(try cable("heal").contains("ok"))
      sleep(5)
    }
    // Down and degraded by turns: it counts as up once at the start, and not again before a minute of proofs.
    #expect(pair.community.log().matches(of: /path main: up/).count == 1, "\(pair.community.log())")
    let child = StationPair.communityName
    let keys = [["^main:pathDown", "^:parentLost"], ["@\(child)^main:childPathDown", "@\(child):childLost"]]
    for (shell, keys) in zip([pair.community, pair.street], keys) {
      let faults = try shell.faults()
      #expect(keys.allSatisfy { faults[$0] == true } && faults.count == 2, "\(faults)")
      #expect(try pair.faultEntries(of: shell) == keys.sorted(), "each is raised once, and nothing more is written")
    }
    try pair.community.waitUntil("the street has everything", seconds: 60) { try pair.missing().isEmpty }
    for round in 0..<min(rounds, 8) { try pair.community.waitUntilLamp(round + 1, 1, shows: "steady", seconds: 60) }
    #expect(try pair.differences() == [])
    try pair.community.waitUntil("a minute of proofs ends it at both ends", seconds: 120) {
      try !pair.community.faults().values.contains(true) && !pair.street.faults().values.contains(true)
    }
    for (shell, keys) in zip([pair.community, pair.street], keys) {
      #expect(try pair.faultEntries(of: shell) == (keys + keys.map { "\($0) is over" }).sorted())
    }
    #expect(try pair.community.presses().count == rounds)
  }

  @Test func aCallThatThePathSwallowsArrivesOnTheOther() throws {
    let pair = try StationPair(paths: 2)
    _ = try pair.start()
    try pair.waitUntilConnected("spare")
    pair.lines[0].hole()
    _ = try pair.community.panels("press 1/1")
    try pair.community.waitUntilLamp(1, 1, shows: "steady")
    #expect(try pair.openings().street == [1])
    // It went on the other path although the first was not given up yet.
    #expect(!pair.community.log().contains("path main: down") && !pair.community.log().contains("path main: degraded"))
    // Without the first, everything else comes on the second.
    try pair.community.waitUntil("the street has everything", seconds: 90) { try pair.missing().isEmpty }
    pair.lines[0].heal()
    pair.lines[1].cut()
    _ = try pair.community.panels("press 2/1")
    try pair.community.waitUntilLamp(2, 1, shows: "steady")
    #expect(try pair.differences() == [])
  }

  @Test func aBacklogArrivesInOrderCallsFirstAndNothingTwice() throws {
    let pair = try StationPair(panels: 8)
    let (street, community) = try pair.start()
    try pair.community.waitUntilOnline(8)
    try pair.community.waitUntil("the street has what was before") { try pair.missing().isEmpty }
    pair.lines[0].cut()
    let before = try pair.originals().count
    var pressed = 0
    while try pair.originals().count < before + 2_000 {
      for panel in 1...8 {
        for _ in 0..<8 {
          #expect(try pair.community.desk("bypass A/\(panel)/2 desk 30 检修").contains("done"))
          #expect(try pair.community.desk("end-bypass A/\(panel)/2 desk").contains("done"))
        }
      }
      guard pressed < 7 else { continue }
      pressed += 1
      _ = try pair.community.panels("press \(pressed)/1")
      try pair.community.waitUntil("the call is recorded") { try pair.community.status().contains("求助 #\(pressed) ") }
      for step in ["acknowledge", "on-scene", "resolve", "close"] {
        #expect(try pair.community.desk("\(step) \(pressed) desk 好了").contains("done"))
      }
    }
    _ = try pair.community.panels("press 8/1")
    try pair.community.waitUntilLamp(8, 1, shows: "slow")
    let already = Set(try pair.copies().map(\.position))
    pair.lines[0].heal()
    try pair.community.waitUntilLamp(8, 1, shows: "steady", seconds: 120)
    try pair.community.waitUntil("the street has everything", seconds: 120) { try pair.missing().isEmpty }
    #expect(try pair.community.stop(community) == 0 && pair.street.stop(street) == 0)
    #expect(try pair.differences() == [])

    let came = try pair.copies().filter { !already.contains($0.position) }
    #expect(came.count >= 2_000)
    // What was recorded while the line was cut: steps of calls before everything else, and each kind in the community's order.
    let isCall = came.map { $0.content?.change.incident != nil }
    let backlog = try #require(isCall.firstIndex(of: false))
    #expect(backlog >= pressed * 5 + 1, "the steps of \(pressed) calls, and the last press")
    let others = came.filter { $0.content?.change.incident == nil }.map(\.position)
    #expect(others == others.sorted())
    for incident in 1...UInt32(pressed) {
      let steps = came.filter { $0.content?.change.incident == incident }
      #expect(steps.map(\.position) == steps.map(\.position).sorted(), "the steps of call \(incident) in their order")
    }
  }

  @Test func aStreetThatWasStoppedForAWhileGetsEverything() throws {
    let pair = try StationPair()
    let (street, _) = try pair.start()
    #expect(try pair.street.stop(street) == 0)
    _ = try pair.community.panels("press 1/1")
    try pair.community.waitUntilLamp(1, 1, shows: "slow")
    _ = try pair.community.desk("bypass A/2/2 desk 5 检修")
    _ = try pair.street.startStation()
    try pair.community.waitUntilLamp(1, 1, shows: "steady")
    try pair.community.waitUntil("the street has everything") { try pair.missing().isEmpty }
    #expect(try pair.differences() == [])
  }

  /// SIGKILL of either end, or of both, at random points with a press in flight each time.
  @Test func nothingIsLostOrDoubledByKillsOfEitherEnd() throws {
    let rounds = ProcessInfo.processInfo.environment["LINLI_LONG"] == nil ? 25 : 500
    let pair = try StationPair(panels: 8)
    var (street, community) = try pair.start()
    var random = SeededRandom(seed: 2026)
    for round in 0..<rounds {
      _ = try pair.community.panels("press \(round / 2 % 8 + 1)/\(round % 2 + 1)")
      usleep(random.below(400_000))
      let victim = random.below(3)
      if victim != 1 {
        pair.street.killStation(street)
        let (has, told) = try pair.openings()
        #expect(Set(told).isSubset(of: has), "round \(round): the lamp of a call says what the street does not have")
      }
      if victim != 0 { pair.community.killStation(community) }
      if victim != 1 { street = try pair.street.startStation() }
      if victim != 0 { community = try pair.community.startStation() }
      usleep(100_000 + random.below(600_000))
    }
    try pair.community.waitUntil("every press is on the community's disk", seconds: 60) {
      try pair.community.presses().count >= rounds
    }
    try pair.community.waitUntil("the street has everything", seconds: 120) {
      try pair.missing().isEmpty && Set(pair.openings().told).count == pair.openings().street.count
    }
    #expect(try pair.community.stop(community) == 0 && pair.street.stop(street) == 0)
    let found = try pair.community.presses().map(\.identity)
    #expect(found.count == rounds && Set(found).count == rounds)
    #expect(try pair.differences() == [])
    // Also its last words: the stop itself is the one entry that may be still to come.
    #expect(try pair.missing().count <= 2)
  }

  /// The clock of either end is set back by a day, and stands a day ahead of the other's: nobody is locked out, and no time of a call
  /// changes.
  @Test(arguments: [true, false]) func aClockThatIsWrongByADayStopsNothing(atTheStreet: Bool) throws {
    let pair = try StationPair(panels: 4)
    func set(_ shell: Shell, _ text: String) throws {
      try text.write(toFile: "\(shell.folder)/offset", atomically: true, encoding: .utf8)
    }
    func start(_ shell: Shell) throws -> Process { try ClockTests.startStation(shell, offset: "\(shell.folder)/offset") }
    for shell in [pair.street, pair.community] { try set(shell, "+0") }
    var street = try start(pair.street)
    try pair.waitUntilListening()
    var community = try start(pair.community)
    try pair.community.waitUntilOnline(4)
    try pair.waitUntilConnected()
    for (index, offset) in ["-24h", "+24h"].enumerated() {
      try set(atTheStreet ? pair.street : pair.community, offset)
      _ = try pair.community.panels("press \(index * 2 + 1)/1")
      try pair.community.waitUntilLamp(index * 2 + 1, 1, shows: "steady")
      // Certificates are looked at anew.
      #expect(try pair.street.stop(street) == 0 && pair.community.stop(community) == 0)
      street = try start(pair.street)
      try pair.waitUntilListening()
      community = try start(pair.community)
      _ = try pair.community.panels("press \(index * 2 + 2)/1")
      try pair.community.waitUntilLamp(index * 2 + 2, 1, shows: "steady")
    }
    try pair.community.waitUntil("the street has everything") { try pair.missing().isEmpty }
    #expect(try pair.openings().street == [1, 2, 3, 4])
    #expect(try pair.differences() == [])
  }
}
