import DeviceKit

extension SiteScript {
  /// An operator at the console.
  static func operate(until end: Instant, _ random: inout SeededRandom) -> [(at: Instant, act: HostAct)] {
    var acts: [(at: Instant, act: HostAct)] = []
    var at = Instant.zero + warmUp
    while at < end {
      acts.append((at, .wall(choice: UInt32(truncatingIfNeeded: random.next()))))
      at += between(2, 12, &random)
    }
    return acts
  }

  /// One fault at a time on each device of the wall.
  static func breakWall(
    _ wall: SiteLayout.Wall, until end: Instant, _ random: inout SeededRandom, _ lines: inout [Line]
  ) {
    let panels = wall.hasDisplays ? (1...wall.outputs).map { "p\($0)" } : []
    for device in [SiteLayout.matrix] + panels {
      var at = Instant.zero + warmUp + between(1, 20, &random)
      while at < end - .seconds(25) {
        // Now and then for so long that a card has to stand meanwhile.
        let until = min(at + (random.chance(1, in: 4) ? between(20, 45, &random) : between(2, 20, &random)), end)
        let port: UInt16 = device == SiteLayout.matrix ? UInt16(1 + random.below(UInt32(wall.outputs))) : 1
        let (bad, good): (WallHand, WallHand) =
          switch random.below(8) {
          case 0, 1: (.power(device == SiteLayout.matrix ? nil : 1, false), .power(device == SiteLayout.matrix ? nil : 1, true))
          case 2: (.lock(port, true), .lock(port, false))
          case 3: (.late(100 + Int(random.below(1500))), .late(0))
          case 4: (.silent(true), .silent(false))
          case 5: (.garble(1 + random.below(30)), .garble(0))
          case 6: (.closes(true), .closes(false))
          default: (.taken(true), .taken(false))
          }
        lines.append(Line(at: at, act: .wall(device, bad, isHealed: false)))
        lines.append(Line(at: until, act: .wall(device, good, isHealed: true)))
        if device == SiteLayout.matrix, random.chance(1, in: 3) {
          // Somebody turns a knob at the matrix itself.
          lines.append(
            Line(at: until + .seconds(3), act: .wall(device, .route(port, UInt16(1 + random.below(8))), isHealed: false)))
        }
        at = until + between(8, 30, &random)
      }
    }
  }
}
