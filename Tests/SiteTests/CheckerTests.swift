import CallPanelDeviceModel
import DeviceKit
import Foundation
import SimulatedSite
import Testing

/// A checker that cannot fail proves nothing: each is shown a site with the very defect that it is there for.
@Suite struct CheckerTests {
  /// A short life on one pair of wires below a street centre: presses, a wire that is cut for a while, a restart, work at both desks, a
  /// line that is lost for a while and a street whose disk fails.
  static func options(_ planted: PlantedFault?) -> SimulatedSite.Options {
    let layout = SiteLayout(
      wires: [SiteLayout.Wire(name: "A", panels: 4, buttons: 2, baud: 9600, adapterLatency: .zero)],
      line: SiteLayout.Line(ways: [SiteLayout.Line.Way(name: "main", latency: .milliseconds(15))]), silentEvery: 5,
      hasVisits: true, wall: SiteLayout.Wall())
    var script = SiteScript(duration: .seconds(140))
    func at(_ seconds: Int) -> Instant { .zero + .seconds(seconds) }
    for (index, second) in stride(from: 16, to: 80, by: 4).enumerated() {
      let (panel, button) = (index % 4, UInt8(1 + index / 4 % 2))
      script.add(.press(wire: 0, panel: panel, button: button), at: at(second))
      script.add(.release(wire: 0, panel: panel, button: button), at: at(second) + .milliseconds(300))
      for turn in 0..<3 {
        script.add(.host(.desk(choice: UInt32(index * 3 + turn))), at: at(second + 1 + turn))
        script.add(.street(.desk(choice: UInt32(index * 3 + turn))), at: at(second + 1 + turn) + .milliseconds(500))
      }
    }
    for turn in 0..<60 { script.add(.host(.visit(choice: UInt32(turn))), at: at(16 + turn) + .milliseconds(700)) }
    for turn in 0..<12 { script.add(.host(.wall(choice: UInt32(turn))), at: at(20 + turn * 5) + .milliseconds(200)) }
    script.add(.wall("hub", .power(nil, false), isHealed: false), at: at(40))
    script.add(.wall("hub", .power(nil, true), isHealed: true), at: at(47))
    script.add(.wall("hub", .lock(1, true), isHealed: false), at: at(60))
    script.add(.wall("hub", .lock(1, false), isHealed: true), at: at(75))
    script.add(.wall("p4", .power(1, false), isHealed: false), at: at(24))
    script.add(.wall("p4", .power(1, true), isHealed: true), at: at(64))
    script.add(.way(0, .cut), at: at(30))
    script.add(.way(0, .none), at: at(36))
    script.add(.wires(wire: 0, .cutBefore(0)), at: at(41))
    script.add(.wires(wire: 0, .none), at: at(49))
    script.add(.street(.disk(.dead)), at: at(51))
    script.add(.street(.healDisk), at: at(57))
    // The wires are whole again and known by now, so that this start begins with a snapshot.
    script.add(.host(.terminate), at: at(66))
    script.add(.host(.start), at: at(67))
    var options = SimulatedSite.Options(seed: 1, layout: layout, script: script)
    options.planted = planted
    return options
  }

  static let finders: [PlantedFault: String] = [
    .losesPress: "press", .doublesPress: "press", .lampBeforeDisk: "lamp", .comingUnasked: "lamp", .lampFallsBack: "lamp",
    .silentShows: "lamp", .pageBeforeDisk: "page", .answerBeforeDisk: "page", .altersEntry: "chain", .idleWire: "turn",
    .hidesBusFaults: "bus", .neverAccepts: "heal", .falseSnapshot: "fold", .receiptBeforeDisk: "receipt",
    .deliveredUnasked: "lamp", .losesOnTheLine: "arrive", .turnsOrder: "order", .storesTwice: "twice",
    .inventsCommand: "command", .streetPageBeforeDisk: "street page", .ticketBeforeDisk: "visit", .repeatsNumber: "visit",
    .keyNotKept: "seal", .namesInNotes: "seal", .showsTheWish: "wall", .losesWish: "wall",
    .losesDisplayWish: "wall", .hidesWallCards: "wall",
  ]

  @Test func withoutADefectNothingIsFound() throws {
    let report = try SimulatedSite(Self.options(nil)).run()
    #expect(report.findings.isEmpty, "\(report.findings)")
    #expect(report.presses.recorded.count == 16)
    #expect(!report.presses.lampShown.isEmpty && !report.presses.pageShown.isEmpty)
    #expect(report.streetEntries.count > report.entries.count)
  }

  @Test(arguments: PlantedFault.allCases) func aPlantedDefectIsFoundByItsChecker(_ planted: PlantedFault) throws {
    let finder = try #require(Self.finders[planted])
    let report = try SimulatedSite(Self.options(planted)).run()
    #expect(report.findings.contains { $0.checker == finder }, "found instead: \(report.findings.prefix(3))")
  }
}
