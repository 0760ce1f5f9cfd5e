import DeviceKit
import DeviceVocabulary
import Foundation
import TestSupport
import Testing

/// Presses at awkward moments: each is one call, once, with the right age, and its lamp follows.
@Suite(.serialized) struct PressTests {
  @Test(arguments: [SIGTERM, SIGKILL]) func pressesWhileTheStationStopsIsDownAndStarts(signal: Int32) throws {
    let shell = try Shell(panels: 3)
    var station = try shell.startStation()
    try shell.waitUntilOnline(3)
    var moments: [String: ClosedRange<Int64>] = [:]
    func press(_ panel: Int) throws {
      let before = Self.wallMilliseconds()
      _ = try shell.panels("press \(panel)/1")
      moments["A/\(panel)/1"] = before...Self.wallMilliseconds()
    }
    kill(station.processIdentifier, signal)
    try press(3)
    try shell.waitUntil("the station is down") { !station.isRunning }
    try press(1)
    // So long that an age reckoned from the start instead of from the press shows below.
    sleep(4)
    station = try shell.startStation()
    try press(2)
    for panel in 1...3 { try shell.waitUntilLamp(panel, 1, shows: "slow") }
    #expect(try shell.stop(station) == 0)
    let presses = try shell.presses()
    #expect(presses.map(\.button.description).sorted() == ["A/1/1", "A/2/1", "A/3/1"])
    #expect(Set(presses.map(\.identity)).count == 3)
    for press in presses {
      let moment = try #require(moments[press.button.description])
      let told = try #require(press.pressedAt)
      // The panel's debouncing and what the machine was busy with come between the finger and the entry, never before it.
      #expect(told >= moment.lowerBound - 100 && told <= moment.upperBound + 2000, "\(press.button)")
    }
    #expect(try shell.run(["journal", "verify", "\(shell.folder)/journal"]).code == 0)
  }

  @Test func oneTwoAndEightAtTheSameMomentInAnyOrder() throws {
    let shell = try Shell(panels: 8)
    let station = try shell.startStation()
    try shell.waitUntilOnline(8)
    var random = SeededRandom(seed: 8)
    var expected: [String] = []
    for (round, count) in [1, 2, 8, 8, 2, 1].enumerated() {
      let button = round % 2 + 1
      let chosen = Array(Self.shuffled(Array(1...8), by: &random).prefix(count))
      // All of them within a fraction of one scan of the bus.
      for panel in chosen { _ = try shell.panels("press \(panel)/\(button)") }
      expected += chosen.map { "A/\($0)/\(button)" }
      for panel in chosen { try shell.waitUntilLamp(panel, button, shows: "slow") }
      #expect(try shell.presses().map(\.button.description).sorted() == expected.sorted())
      for incident in (expected.count - count + 1)...expected.count {
        for step in ["acknowledge \(incident) desk", "on-scene \(incident) desk", "resolve \(incident) desk 好了"] {
          #expect(try shell.desk(step).contains("done"))
        }
      }
      for panel in chosen { try shell.waitUntilLamp(panel, button, shows: "off") }
      for panel in 1...8 where !chosen.contains(panel) { #expect(try shell.lamp(panel, button) == "off") }
    }
    #expect(try shell.stop(station) == 0)
    let identities = try shell.presses().map(\.identity)
    #expect(identities.count == expected.count && Set(identities).count == expected.count)
  }

  private static func wallMilliseconds() -> Int64 { Int64(Date().timeIntervalSince1970 * 1000) }

  private static func shuffled(_ values: [Int], by random: inout SeededRandom) -> [Int] {
    var values = values
    for index in values.indices.dropFirst() { values.swapAt(index, Int(random.below(UInt32(index + 1)))) }
    return values
  }
}
