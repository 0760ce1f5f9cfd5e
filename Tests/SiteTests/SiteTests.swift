import DeviceKit
import Foundation
import Journal
import SimulatedSite
import Station
import StationRuntime
import Testing

/// Whole sites in virtual time. `LINLI_LONG=1` runs twenty times as many.
@Suite struct SiteTests {
  static let isLong = ProcessInfo.processInfo.environment["LINLI_LONG"] == "1"

  /// Seeds that once found something: a panel that had been slow was asked every 2 s for long after it answered well again.
  static let found: [UInt64] = [207, 324]

  @Test(arguments: Array(1...(isLong ? 400 : 20)) + (isLong ? [] : found)) func everyPromiseIsKept(_ seed: UInt64) throws {
    let report = try SimulatedSite(SimulatedSite.Options(seed: seed, duration: .seconds(150))).run()
    #expect(report.findings.isEmpty, "linli simulate --seeds \(seed) --hours \(150.0 / 3600): \(report.findings.prefix(5))")
    #expect(!report.presses.recorded.isEmpty)
  }

  @Test func theSameSeedIsTheSameLife() throws {
    let options = SimulatedSite.Options(seed: 11, duration: .seconds(120))
    let first = try SimulatedSite(options).run()
    let second = try SimulatedSite(options).run()
    #expect(first.hash == second.hash && first.entries == second.entries && first.steps > 1000)
    var other = SimulatedSite.Options(seed: 12, duration: .seconds(120))
    other.layout = options.layout
    other.script = options.script
    #expect(try SimulatedSite(other).run().hash != first.hash)
  }

  /// The model of the disk is held against the real journal on real SQLite under the same faults, power cuts inside commits included.
  @Test(arguments: 1...(isLong ? 100 : 5)) func theModelAndTheRealJournalTellTheSame(_ seed: UInt64) throws {
    var options = SimulatedSite.Options(seed: seed, duration: .seconds(150))
    options.layout = SiteLayout(
      wires: [SiteLayout.Wire(name: "A", panels: 3, buttons: 2, baud: 9600, adapterLatency: .zero)], silentEvery: 50)
    options.script = Self.diskScript(seed)
    options.journalFolder = FileManager.default.temporaryDirectory.path + "/linli-site-\(UUID().uuidString.prefix(8))"
    defer { try? FileManager.default.removeItem(atPath: options.journalFolder ?? "") }
    let real = try SimulatedSite(options).run()
    options.cutOutcomes = real.cutOutcomes
    let folder = options.journalFolder
    options.journalFolder = nil
    let model = try SimulatedSite(options).run()
    options.journalFolder = folder
    #expect(real.findings.isEmpty && model.findings.isEmpty, "\(real.findings.prefix(3)) \(model.findings.prefix(3))")
    #expect(real.entries.map(\.position) == model.entries.map(\.position))
    #expect(Self.withoutFileNames(real.entries) == Self.withoutFileNames(model.entries))
    #expect(real.entries.count > 20)
  }

  /// Failed syncs, short writes, a dead disk and power cuts before, in and after commits, between presses.
  static func diskScript(_ seed: UInt64) -> SiteScript {
    var random = SeededRandom(seed: seed)
    var script = SiteScript(duration: .seconds(150))
    for second in stride(from: 16, to: 100, by: 3) {
      let (panel, button) = (Int(random.below(3)), UInt8(1 + random.below(2)))
      let at = Instant.zero + .seconds(second) + .milliseconds(Int(random.below(900)))
      script.add(.press(wire: 0, panel: panel, button: button), at: at)
      script.add(.release(wire: 0, panel: panel, button: button), at: at + .milliseconds(200))
      script.add(.host(.desk(choice: UInt32(truncatingIfNeeded: random.next()))), at: at + .milliseconds(1500))
    }
    for second in stride(from: 20, to: 100, by: 16) {
      let at = Instant.zero + .seconds(second) + .milliseconds(Int(random.below(3000)))
      switch random.below(5) {
      case 0: script.add(.host(.disk(.syncError)), at: at)
      case 1: script.add(.host(.disk(.shortWrite)), at: at)
      case 2:
        script.add(.host(.disk(.dead)), at: at)
        script.add(.host(.healDisk), at: at + .seconds(5))
      case 3:
        script.add(.host(.cutPowerInCommit(afterOperations: Int(random.below(3)))), at: at)
        script.add(.host(.cutPower), at: at + .seconds(6))
        script.add(.host(.start), at: at + .seconds(8))
      default:
        script.add(.host(.cutPower), at: at)
        script.add(.host(.start), at: at + .seconds(3))
      }
    }
    return script
  }

  /// What the disk said in its own words (a file's name, SQLite's code) is the only difference between the two.
  static func withoutFileNames(_ entries: [JournalEntry]) -> [String] {
    entries.map { entry in
      guard let known = try? EntryCoder().decode(entry.body) else { return "unreadable" }
      if case .faultRaised(let key, _) = known.change, key.subject == .journal { return "\(entry.position) \(key)" }
      return String(decoding: entry.body, as: UTF8.self)
    }
  }
}
