import DeviceKit
import DeviceVocabulary
import Foundation
import SimulatedSite
import Station
import TestSupport
import Testing

/// What is asked of the wall faster than its devices can follow, and what is on it while calls come and go.
@Suite struct WallChangeTests {
  private static func wall() throws -> VirtualWall {
    var wall = try VirtualWall(WallSite(columns: 3, rows: 3, ports: Array(20_000...20_009)))
    wall.pass(.seconds(5))
    #expect(wall.unproved.isEmpty)
    return wall
  }

  /// Twenty scenes a second: the last one wins, each is in the journal, and what the devices are sent does not grow with what was asked.
  @Test func twentyScenesASecondLeaveTheLastAndNothingInBetween() throws {
    let seconds = ProcessInfo.processInfo.environment["LINLI_LONG"] == nil ? 6 : 60
    var wall = try Self.wall()
    let before = wall.written.mapValues(\.count)
    var sent: [Int] = []
    for _ in 0..<seconds {
      let start = wall.written.values.reduce(0) { $0 + $1.count }
      for turn in 0..<20 {
        #expect(wall.ask(.scene(turn.isMultiple(of: 2) ? "full" : "day")) == .done)
        wall.pass(.milliseconds(50))
      }
      sent.append(wall.written.values.reduce(0) { $0 + $1.count } - start)
    }
    #expect(wall.ask(.scene("full")) == .done)
    wall.pass(.seconds(5))
    #expect(wall.unproved.isEmpty && wall.reality == Array(repeating: "board", count: 9))
    #expect(wall.changes.count == seconds * 20 + 1, "each change is written down")
    #expect(wall.changes.last == .sceneChosen("full", post: "wall"))
    // One question at a time on each line, answered after 20 ms: what is asked meanwhile is never queued.
    let largest = try #require(sent.max())
    #expect(largest <= sent[0] * 5 / 4, "so much was sent in each second: \(sent)")
    #expect(wall.openings.values.allSatisfy { $0.count == 1 }, "no line was opened anew")
    #expect(before.count == wall.written.count)
    // Nothing that was asked in between comes later.
    for _ in 0..<30 {
      wall.pass(.seconds(1))
      #expect(wall.unproved.isEmpty && wall.reality == Array(repeating: "board", count: 9))
    }
    #expect(wall.cards.isEmpty)
  }

  /// A call's camera is verified within 2 s, and the base is back when it is closed, on the devices themselves, every time.
  @Test func callsComeAndGoAndTheDevicesAreAsBefore() throws {
    var wall = try Self.wall()
    let base = wall.reality
    for round in 0..<20 {
      wall.press(try #require(ButtonID(round.isMultiple(of: 2) ? "A/1/2" : "A/1/1")))
      let id = try #require(wall.station.view().incidents.first?.id)
      let taken = wall.pass(atMost: .seconds(2)) { wall in
        wall.unproved.isEmpty && wall.tiles.contains { $0.layer == .call(WallCall(station: nil, id: id)) }
      }
      #expect(taken != nil, "round \(round)")
      #expect(wall.reality.contains(round.isMultiple(of: 2) ? "cam" : "hallcam"))
      #expect(wall.desk(.falseAlarm(id, note: "误按")) == .done)
      wall.pass(.seconds(2))
      #expect(wall.unproved.isEmpty && wall.reality == base, "round \(round)")
    }
    #expect(wall.station.state.wall.shown.isEmpty)
  }
}
