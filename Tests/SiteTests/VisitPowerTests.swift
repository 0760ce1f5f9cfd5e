import DeviceKit
import DeviceVocabulary
import Foundation
import SimulatedSite
import Station
import StationRuntime
import Testing

/// The power fails while somebody takes a number, while a matter is written, while it is handed on (scenario R7): afterwards each is there
/// once or not at all, no number is given twice or left out, and the street has no matter twice. Half of them lay a card down: what was sealed
/// of it is there with its key, or gone with it.
@Suite struct VisitPowerTests {
  static let points: UInt64 = SiteTests.isLong ? 200 : 12

  /// A minute of a busy centre; in the middle of it the power goes, at a moment that the seed draws and mostly inside a commit.
  static func options(_ seed: UInt64) -> SimulatedSite.Options {
    let layout = SiteLayout(
      wires: [SiteLayout.Wire(name: "A", panels: 1, buttons: 1, baud: 9600, adapterLatency: .zero)],
      line: SiteLayout.Line(ways: [SiteLayout.Line.Way(name: "main", latency: .milliseconds(15))]), hasVisits: true)
    var random = SeededRandom(seed: seed)
    var script = SiteScript(duration: .seconds(80))
    for turn in 0..<160 {
      let at = Instant.zero + .seconds(16) + .milliseconds(turn * 250)
      script.add(.host(.visit(choice: UInt32(truncatingIfNeeded: random.next()))), at: at)
    }
    let cut = Instant.zero + .seconds(20) + .microseconds(Int(random.below(20_000_000)))
    if random.chance(3, in: 4) {
      script.add(.host(.cutPowerInCommit(afterOperations: Int(random.below(3)))), at: cut)
      script.add(.host(.cutPower), at: cut + .seconds(1))
    } else {
      script.add(.host(.cutPower), at: cut)
    }
    script.add(.host(.start), at: cut + .seconds(4))
    return SimulatedSite.Options(seed: seed, layout: layout, script: script)
  }

  @Test func atAnyMomentOfAVisit() throws {
    var cuts: Set<String> = []
    let coder = EntryCoder()
    for seed in 1...Self.points {
      let report = try SimulatedSite(Self.options(seed)).run()
      #expect(report.findings.isEmpty, "seed \(seed): \(report.findings.prefix(3))")
      #expect(report.entries.count > 60, "seed \(seed): a centre where nothing goes on shows nothing")
      let cards = report.entries.count { stored in
        if case .visit(.taken(let taken))? = (try? coder.decode(stored.body))?.change { taken.contact != nil } else { false }
      }
      #expect(cards > 3, "seed \(seed): nobody laid a card down")
      cuts.formUnion(report.injected.keys.filter { $0.contains("power") })
    }
    #expect(cuts.contains("power cut inside a commit"))
  }
}
