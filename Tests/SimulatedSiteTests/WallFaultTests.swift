import DeviceKit
import DeviceVocabulary
import SimulatedSite
import Station
import TestSupport
import Testing

/// Devices with the habits of bad ones, of every kind that there is: the wall comes to what is wished, and says no more than is so.
@Suite struct WallFaultTests {
  struct Kinds: CustomTestStringConvertible {
    var matrix: String
    var display: String
    var input: String
    var more = ""
    var testDescription: String { "\(matrix) with \(display)" }
  }

  static let kinds = [
    Kinds(matrix: "videohub", display: "samsungMDC", input: "HDMI1"),
    Kinds(matrix: "extronSIS", display: "pjlink", input: "DIGITAL1"),
    Kinds(matrix: "kramerP3000", display: "samsungMDC", input: "DP1"),
    Kinds(matrix: "kramerP2000", display: "pjlink", input: "DIGITAL2", more: ", machine: 3"),
    Kinds(
      matrix: "line", display: "pjlink", input: "DIGITAL2",
      more: #", line: {route: "SET {out} {in}", acknowledgement: "OK", read: "GET {out}", readAnswer: "OUT {out} IN {in}"}"#),
  ]

  private static func wall(_ kinds: Kinds) throws -> VirtualWall {
    var site = WallSite(columns: 3, rows: 1, ports: Array(20_000...20_003))
    (site.matrixKind, site.displayKind, site.displayInput) = (kinds.matrix, kinds.display, kinds.input)
    site.matrixMore = kinds.more
    return try VirtualWall(site)
  }

  private static let devices = ["hub", "p1", "p2", "p3"]

  /// It converges, and stays proved for two minutes, at every second of them, through changes of scene.
  @Test(arguments: kinds) func oneThatClosesAfterEveryCommandIsServed(_ kinds: Kinds) throws {
    var wall = try Self.wall(kinds)
    for name in Self.devices { wall.hand(name, .closes(true)) }
    #expect(wall.pass(atMost: .seconds(60)) { $0.unproved.isEmpty } != nil, "\(wall.tiles.map(\.proof))")
    for scene in ["full", "day"] {
      wall.ask(.scene(scene))
      #expect(wall.pass(atMost: .seconds(30)) { $0.unproved.isEmpty } != nil, "\(scene): \(wall.tiles.map(\.proof))")
      for second in 0..<60 {
        wall.pass(.seconds(1))
        #expect(wall.unproved.isEmpty, "\(scene) after \(second) s: \(wall.tiles.map(\.proof))")
      }
    }
    #expect(wall.cards.isEmpty)
    for (name, opened) in wall.openings {
      #expect(zip(opened, opened.dropFirst()).allSatisfy { $1 - $0 >= .milliseconds(250) }, "\(name) is not hammered at")
    }
  }

  /// The only session is somebody else's: that is said, and it is had as soon as it is free.
  @Test(arguments: kinds) func aSessionOfSomebodyElseIsWaitedFor(_ kinds: Kinds) throws {
    var wall = try Self.wall(kinds)
    for name in Self.devices { wall.hand(name, .taken(true)) }
    for _ in 0..<60 {
      wall.pass(.seconds(1))
      #expect(wall.tiles.allSatisfy { if case .unreachable = $0.proof { true } else { false } })
    }
    #expect(wall.cards.contains("wall hub:wallSilent"))
    for name in Self.devices { wall.hand(name, .taken(false)) }
    #expect(wall.pass(atMost: .seconds(25)) { $0.unproved.isEmpty && $0.cards.isEmpty } != nil, "\(wall.tiles.map(\.proof))")
  }

  /// Answers that end in the middle, and bytes that are wrong: what is read is so, and it passes with them.
  @Test(arguments: kinds) func garbageAndHalfLinesPassOver(_ kinds: Kinds) throws {
    var wall = try Self.wall(kinds)
    wall.pass(.seconds(20))
    for fault: (on: WallHand, off: WallHand) in [(.halves(true), .halves(false)), (.garble(40), .garble(0))] {
      for name in Self.devices { wall.hand(name, fault.on) }
      for turn in 0..<40 {
        if turn.isMultiple(of: 5) { wall.ask(.scene(turn.isMultiple(of: 2) ? "full" : "day")) }
        wall.pass(.seconds(1))
        // A wrong bit may make one number of another where the wire has no checksum: until it is read again.
        guard case .halves = fault.on else { continue }
        for tile in wall.tiles {
          guard case .verified = tile.proof, (tile.ageMilliseconds ?? 0) < 500 else { continue }
          #expect(wall.reality[tile.output - 1] == tile.shown, "turn \(turn), output \(tile.output)")
        }
      }
      for name in Self.devices { wall.hand(name, fault.off) }
      #expect(wall.pass(atMost: .seconds(60)) { $0.unproved.isEmpty } != nil, "\(fault.on): \(wall.tiles.map(\.proof))")
      // What was said of an output that does not switch holds until it is seen to switch.
      for scene in ["day", "full"] {
        wall.ask(.scene(scene))
        #expect(wall.pass(atMost: .seconds(40)) { $0.unproved.isEmpty } != nil, "\(fault.on): \(wall.tiles.map(\.proof))")
      }
      wall.pass(.seconds(5))
      #expect(wall.cards.isEmpty, "\(fault.on): \(wall.cards)")
    }
  }

  /// A matrix that forgets its routes without power, and displays that wake up as their factory left them.
  @Test(arguments: kinds) func whatComesBackWithFactorySettingsIsPutRight(_ kinds: Kinds) throws {
    var wall = try Self.wall(kinds)
    #expect(wall.pass(atMost: .seconds(60)) { $0.unproved.isEmpty } != nil, "\(wall.tiles.map(\.proof))")
    let base = wall.reality
    for name in Self.devices {
      wall.hand(name, .power(nil, false))
      wall.pass(.seconds(30))
      #expect(!wall.unproved.isEmpty && wall.cards.contains("wall \(name):wallSilent"))
      wall.hand(name, .power(nil, true))
      // It answers from here on: it is asked again within 13 s, and has its own within 10 s of that.
      #expect(wall.pass(atMost: .seconds(15)) { $0.isHeard(name) } != nil, "\(name)")
      #expect(wall.pass(atMost: .seconds(10)) { $0.unproved.isEmpty } != nil, "\(name): \(wall.tiles.map(\.proof))")
      #expect(wall.reality == base && wall.cards.isEmpty)
    }
  }
}
