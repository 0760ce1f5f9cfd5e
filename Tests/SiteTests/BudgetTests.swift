import DeviceKit
import Foundation
import SimulatedSite
import Testing

/// The budgets of a call for help: sixteen panels at 19,200 baud, one of them dead (design.md, "The call for help, step by step").
@Suite struct BudgetTests {
  static let seeds: UInt64 = SiteTests.isLong ? 1_000 : 50

  @Test func sixteenNodesWithADeadOneKeepTheBudgets() throws {
    let measured = try Self.measure([1, 1, 1, 1], seeds: Self.seeds)
    #expect(measured.lamp <= .milliseconds(500))
    #expect(measured.page <= .seconds(1))
  }

  /// Eight exchanges there and eight back take 0.7 s of such a line by themselves, and a look for the dead panel may fall between them.
  @Test func eightPressesAtOnceAreAllOnTheDeskSoon() throws {
    let measured = try Self.measure([2, 8], seeds: Self.seeds / 5)
    #expect(measured.lamp <= .milliseconds(1_600))
    #expect(measured.page <= .milliseconds(1_250))
  }

  private static func measure(_ crowds: [Int], seeds: UInt64) throws -> (lamp: Interval, page: Interval) {
    var lamps: [Interval] = []
    var pages: [Interval] = []
    var longest = Interval.zero
    for seed in 1...seeds {
      var options = SimulatedSite.Options(seed: seed, layout: .sixteen, script: script(seed, crowds: crowds))
      options.longestCommit = .milliseconds(30)
      let report = try SimulatedSite(options).run()
      // Among the promises: the panel itself answers the finger within 150 ms.
      #expect(report.findings.isEmpty, "seed \(seed): \(report.findings.prefix(3))")
      lamps += report.presses.lampShown
      pages += report.presses.pageShown
      longest = max(longest, report.presses.longestTurn)
    }
    let (lamp, page) = (SiteMeasures.percentile(lamps, 990), SiteMeasures.percentile(pages, 990))
    print(
      "\(lamps.count) presses, \(crowds) at once: p99 to the lamp \(lamp.microseconds) µs, to the page \(page.microseconds) µs; longest turn "
        + "\(longest.microseconds) µs")
    // A press on a button whose call is still open leaves its lamp as it is.
    #expect(lamps.count > Int(seeds) * crowds.count * 8 / 10)
    return (lamp, page)
  }

  /// So many presses at the same moment, on panels other than the dead one, every 3 s.
  static func script(_ seed: UInt64, crowds: [Int]) -> SiteScript {
    var random = SeededRandom(seed: seed)
    var script = SiteScript(duration: .seconds(18 + crowds.count * 3 + 1))
    let dead = Int(random.below(16))
    script.add(.hand(wire: 0, panel: dead, .powerOff), at: .zero + .seconds(1))
    var second = 18
    for crowd in crowds {
      let at = Instant.zero + .seconds(second) + .microseconds(Int(random.below(1_000_000)))
      var panels = (0..<16).filter { $0 != dead }
      for _ in 0..<crowd {
        let panel = panels.remove(at: Int(random.below(UInt32(panels.count))))
        let button = UInt8(1 + random.below(2))
        script.add(.press(wire: 0, panel: panel, button: button), at: at)
        script.add(.release(wire: 0, panel: panel, button: button), at: at + .milliseconds(250))
      }
      second += 3
    }
    return script
  }
}
