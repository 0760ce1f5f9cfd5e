import CallPanelDeviceModel
import DeviceKit
import Foundation
import SimulatedSite
import Testing

/// A checker that cannot fail proves nothing: each is shown a site with the very defect that it is there for.
@Suite struct CheckerTests {
  /// A short life on one pair of wires: presses, a wire that is cut for a while, a restart.
  static func options(_ planted: PlantedFault?) -> SimulatedSite.Options {
    let layout = SiteLayout(
      wires: [SiteLayout.Wire(name: "A", panels: 4, buttons: 2, baud: 9600, adapterLatency: .zero)], silentEvery: 5)
    var script = SiteScript(duration: .seconds(130))
    func at(_ seconds: Int) -> Instant { .zero + .seconds(seconds) }
    for (index, second) in stride(from: 16, to: 80, by: 4).enumerated() {
      let (panel, button) = (index % 4, UInt8(1 + index / 4 % 2))
      script.add(.press(wire: 0, panel: panel, button: button), at: at(second))
      script.add(.release(wire: 0, panel: panel, button: button), at: at(second) + .milliseconds(300))
      for turn in 0..<3 { script.add(.desk(choice: UInt32(index * 3 + turn)), at: at(second + 1 + turn)) }
    }
    script.add(.wires(wire: 0, .cutBefore(0)), at: at(41))
    script.add(.wires(wire: 0, .none), at: at(49))
    // The wires are whole again and known by now, so that this start begins with a snapshot.
    script.add(.terminate, at: at(66))
    script.add(.start, at: at(67))
    var options = SimulatedSite.Options(seed: 1, layout: layout, script: script)
    options.planted = planted
    return options
  }

  static let finders: [PlantedFault: String] = [
    .losesPress: "press", .doublesPress: "press", .lampBeforeDisk: "lamp", .comingUnasked: "lamp", .lampFallsBack: "lamp",
    .silentShows: "lamp", .pageBeforeDisk: "page", .answerBeforeDisk: "page", .altersEntry: "chain", .idleWire: "turn",
    .hidesBusFaults: "bus", .neverAccepts: "heal", .falseSnapshot: "fold",
  ]

  @Test func withoutADefectNothingIsFound() throws {
    let report = try SimulatedSite(Self.options(nil)).run()
    #expect(report.findings.isEmpty, "\(report.findings)")
    #expect(report.presses.recorded.count == 16)
    #expect(!report.presses.lampShown.isEmpty && !report.presses.pageShown.isEmpty)
  }

  @Test(arguments: PlantedFault.allCases) func aPlantedDefectIsFoundByItsChecker(_ planted: PlantedFault) throws {
    let finder = try #require(Self.finders[planted])
    let report = try SimulatedSite(Self.options(planted)).run()
    #expect(report.findings.contains { $0.checker == finder }, "found instead: \(report.findings.prefix(3))")
  }
}
