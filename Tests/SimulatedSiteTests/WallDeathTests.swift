import DeviceKit
import DeviceVocabulary
import SimulatedSite
import Station
import TestSupport
import Testing

/// A wall of 64 panels, five of which are not there, each in another way.
@Suite struct WallDeathTests {
  static let dead: [Int: VirtualWall.Death] = [5: .refuses, 20: .blackHole, 33: .silent, 50: .taken, 64: .off]

  private static func wall(_ sides: Int, _ dead: [Int: VirtualWall.Death]) throws -> VirtualWall {
    let site = WallSite(columns: sides, rows: sides, ports: Array(20_000...(20_000 + sides * sides)))
    return try VirtualWall(site, dead: Dictionary(uniqueKeysWithValues: dead.map { ("p\($0.key)", $0.value) }))
  }

  /// The lines of the other 59 and of the matrix carry the same bytes at the same microseconds, whether the five are there or not: nothing
  /// waits for them, and nothing is sent more or less often for their sake.
  @Test func fiveDeadPanelsOfSixtyFourMoveNoByteOfTheOthers() throws {
    var (whole, wounded) = (try Self.wall(8, [:]), try Self.wall(8, Self.dead))
    for scene in [nil, "full"] {
      if let scene {
        #expect(whole.ask(.scene(scene)) == .done)
        #expect(wounded.ask(.scene(scene)) == .done)
      }
      whole.pass(.seconds(4))
      wounded.pass(.seconds(4))
      #expect(whole.unproved.isEmpty)
      #expect(Set(wounded.unproved) == Set(Self.dead.keys), "nothing but these five is not proved")
    }
    for name in ["hub"] + (1...64).filter({ Self.dead[$0] == nil }).map({ "p\($0)" }) {
      #expect(whole.written[name]?.isEmpty == false)
      #expect(whole.written[name] == wounded.written[name], "\(name)")
    }
  }

  /// Each of the five says which device does not answer, and since when; a card says so too, once a device has had its time to start.
  @Test func theFiveSayWhatIsMissingAndSinceWhen() throws {
    let dead: [Int: VirtualWall.Death] = [5: .refuses, 7: .blackHole, 10: .silent, 13: .taken, 16: .off]
    var wall = try Self.wall(4, dead)
    wall.pass(.seconds(10))
    for (number, death) in dead {
      let tile = try #require(wall.tile(number))
      #expect(
        tile.proof == .unreachable(device: "p\(number)") && tile.shown != nil, "\(death): what the matrix gives it is known")
      // None of them was ever there: since the start.
      let age = try #require(tile.ageMilliseconds)
      #expect((9_000...10_000).contains(age), "\(death): \(age) ms")
    }
    #expect(wall.cards.isEmpty, "a panel that is switched on with the computer takes its time")
    wall.pass(.seconds(40))
    #expect(Set(wall.cards) == Set(dead.keys.map { "wall p\($0):wallSilent" }))
    #expect(Set(wall.unproved) == Set(dead.keys))
    // Put right, they come by themselves, and their cards go.
    for (number, death) in dead {
      switch death {
      case .refuses, .blackHole: wall.set(nil, "p\(number)")
      case .silent: wall.hand("p\(number)", .silent(false))
      case .taken: wall.hand("p\(number)", .taken(false))
      case .off: wall.hand("p\(number)", .power(nil, true))
      }
    }
    #expect(wall.pass(atMost: .seconds(25), every: .seconds(1)) { $0.unproved.isEmpty } != nil, "\(wall.unproved)")
    #expect(wall.cards.isEmpty)
  }
}
