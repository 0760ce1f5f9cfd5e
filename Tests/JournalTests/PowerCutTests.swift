import DeviceKit
import Foundation
import SimulatedSite
import Testing

@testable import Journal

/// Seeded lives of a journal, each ended by a power cut at a drawn operation: while opening, appending, checkpointing, turning to a
/// new month, refilling the ballast, salvaging. `LINLI_LONG=1` runs twenty times as many.
@Suite struct PowerCutTests {
  static let cuts: Int = ProcessInfo.processInfo.environment["LINLI_LONG"] == "1" ? 4_000 : 200

  @Test func everyAppendThatReturnedIsThereAfterTheCut() throws {
    var cuts = 0
    var seed: UInt64 = 0
    var unfinished = 0
    while cuts < Self.cuts {
      seed += 1
      var site = try CutSite(seed: seed)
      for _ in 0..<4 { try site.live() }
      try site.finish()
      cuts += site.disk.injected(.powerCut)
      unfinished += site.survivors
    }
    // The other half of the promise is only tested when some appends survived that nobody was told of.
    #expect(unfinished > 0)
  }
}

/// One folder through several lives. It knows what was promised (returned) and what was only tried.
private struct CutSite {
  let disk: FaultyFileSystem
  let seed: UInt64
  /// Tried, never promised, and there all the same.
  private(set) var survivors = 0

  private let fixture = JournalFixture()
  private var random: SeededRandom
  private var promised: [JournalEntry] = []
  private var tried: [[Int]] = []
  private var next = 0
  private var month = 1

  init(seed: UInt64) throws {
    disk = try #require(FaultyFileSystem(seed: seed))
    self.seed = seed
    random = SeededRandom(seed: seed &* 31)
  }

  private func options(_ options: inout JournalOptions) {
    options.checkpointPages = 8
  }

  mutating func live() throws {
    disk.schedule(.powerCut, after: Int(random.below(random.chance(1, in: 4) ? 8 : 120)))
    if random.chance(1, in: 4) { disk.schedule(.syncError, after: Int(random.below(30))) }
    if random.chance(1, in: 4) { disk.schedule(.shortWrite, after: Int(random.below(60))) }
    let faults = disk.injected(.syncError) + disk.injected(.shortWrite)
    let opened = Result { try fixture.open(vfs: disk.name, month: wall, ballast: 8_192, options) }
    let struck = disk.isCut || faults != disk.injected(.syncError) + disk.injected(.shortWrite)
    switch opened {
    case .failure(let error):
      #expect(struck, "seed \(seed): the journal did not open although the disk was well: \(error)")
    case .success(let journal):
      do {
        try expectPromises(journal, "after opening")
      } catch {
        // Opening came through because only the ballast was hit; then reading fails, which is right.
        #expect(disk.isCut, "seed \(seed): \(error)")
      }
      use(journal)
      disk.cutPower()
      journal.close()
    }
    disk.cutPower()
    try disk.restart()
  }

  private var wall: JournalMonth? { JournalMonth(year: 2026, month: month) }

  private mutating func use(_ journal: SQLiteJournal) {
    for _ in 0..<40 where !disk.isCut {
      if random.chance(1, in: 8) { try? journal.maintain(month: wall) }
      if random.chance(1, in: 20), month < 12 { month += 1 }
      if random.chance(1, in: 10) { try? journal.saveSnapshot(JournalSnapshot(head: journal.last, foldVersion: 1, bytes: [1])) }
      let numbers = (0..<(1 + Int(random.below(6)))).map { next + $0 }
      next += numbers.count
      let bytes = random.chance(1, in: 6) ? 9_000 : 60
      do {
        promised += try journal.append(numbers.map { body($0, bytes: bytes) }, urgent: true)
      } catch {
        tried.append(numbers)
      }
    }
  }

  private mutating func expectPromises(_ journal: SQLiteJournal, _ occasion: String) throws {
    let entries = try journal.entries(after: nil, limit: .max)
    // What survived without a promise is part of the journal from now on: it was shown to the fold.
    let numbers = entries.compactMap { number(of: $0.body) }
    #expect(Set(numbers).count == numbers.count, "seed \(seed) \(occasion): duplicates")
    #expect(numbers == numbers.sorted(), "seed \(seed) \(occasion): order")
    let known = Set(entries)
    let lost = promised.filter { !known.contains($0) }
    #expect(lost.isEmpty, "seed \(seed) \(occasion): lost \(lost.map(\.position))")
    for batch in tried {
      let there = batch.filter { numbers.contains($0) }.count
      #expect(there == 0 || there == batch.count, "seed \(seed) \(occasion): half a batch")
      survivors += there
    }
    tried = []
    #expect(journal.last == entries.last?.head ?? journal.last)
    let salvages = journal.salvages
    #expect(salvages.isEmpty, "seed \(seed) \(occasion): \(salvages)")
    promised = entries
  }

  mutating func finish() throws {
    disk.clearSchedule()
    let journal = try fixture.open(vfs: disk.name, month: wall, ballast: 8_192, options)
    try expectPromises(journal, "at the end")
    let report = journal.verify()
    #expect(report.isSound, "seed \(seed): \(report.findings)")
    #expect(report.entries == promised.count)
    #expect(try journal.write([next]).count == 1)
  }
}
