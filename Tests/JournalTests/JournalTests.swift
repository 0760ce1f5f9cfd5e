import Foundation
import SimulatedSite
import Testing

@testable import Journal

@Suite struct JournalTests {
  @Test func whatWasAppendedIsThereAfterReopening() throws {
    let fixture = JournalFixture()
    var journal = try fixture.open()
    let written = try journal.write(1...3) + journal.write(4...4)
    #expect(written.map { "\($0.position)" } == ["1/1", "1/2", "1/3", "1/4"])
    #expect(journal.last == written.last?.head)
    journal.close()
    journal = try fixture.open()
    #expect(try journal.entries(after: nil, limit: 100) == written)
    #expect(try journal.entries(after: written[1].position, limit: 1) == [written[2]])
    #expect(try journal.entries(after: written[3].position, limit: 9).isEmpty)
    #expect(journal.last == written.last?.head)
    #expect(journal.condition == .healthy)
    #expect(try journal.write(5...5).first?.position == JournalPosition(epoch: 1, sequence: 5))
    #expect(journal.verify().isSound)
  }

  @Test func aKilledProcessLeavesEverythingItWasToldIsDurable() throws {
    let fixture = JournalFixture()
    let journal = try fixture.open()
    try journal.write(1...50)
    // What a SIGKILL leaves: the files as they are, write-ahead file and all, with nobody having closed anything.
    let copy = JournalFixture()
    try FileManager.default.copyItem(atPath: fixture.folder, toPath: copy.folder)
    let reopened = try copy.open()
    #expect(try reopened.numbers == Array(1...50))
    #expect(reopened.last == journal.last)
  }

  @Test func manyBodiesCostOneSync() throws {
    let disk = try #require(FaultyFileSystem(seed: 1))
    let fixture = JournalFixture()
    let journal = try fixture.open(vfs: disk.name)
    try journal.write(1...1)
    for count in [1, 10, 500] {
      let before = disk.syncs
      try journal.write(0..<count)
      #expect(disk.syncs - before == 1, "\(count) bodies")
    }
    let before = disk.syncs
    #expect(try journal.append([], urgent: true).isEmpty)
    #expect(disk.syncs == before)
  }

  @Test func aSecondStartIsRefusedAndNamesTheHolder() throws {
    let fixture = JournalFixture()
    let journal = try fixture.open()
    let error = #expect(throws: JournalError.self) { try fixture.open() }
    #expect(error == .inUse(folder: fixture.folder, pid: ProcessInfo.processInfo.processIdentifier))
    #expect(error?.description.hasPrefix("日志正被进程 \(ProcessInfo.processInfo.processIdentifier) 使用") == true)
    try journal.write(1...1)
    // Looking is allowed beside a running station.
    let reader = try JournalReader(folder: fixture.folder)
    #expect(try reader.entries(after: nil, limit: 5).count == 1)
    try journal.write(2...2)
    #expect(try reader.last() == journal.last)
    #expect(reader.verify().isSound)
  }

  @Test func theLockGoesWithTheJournal() throws {
    let fixture = JournalFixture()
    do {
      let journal = try fixture.open()
      try journal.write(1...1)
    }
    #expect(try fixture.open().numbers == [1])
  }

  @Test func closedJournalsRefuse() throws {
    let fixture = JournalFixture()
    let journal = try fixture.open()
    journal.close()
    #expect(throws: JournalError.closed) { try journal.write(1...1) }
  }

  @Test func tooMuchIsRefusedAndNothingOfItIsWritten() throws {
    let fixture = JournalFixture()
    let journal = try fixture.open()
    let large = [UInt8](repeating: 1, count: JournalOptions.maximumBodyBytes + 1)
    #expect(throws: JournalError.tooLarge(bytes: large.count)) { try journal.append([[1], large], urgent: true) }
    let many = [[UInt8]](repeating: [1], count: JournalOptions.maximumBatch + 1)
    #expect(throws: JournalError.tooLarge(bytes: many.count)) { try journal.append(many, urgent: true) }
    #expect(try journal.entries(after: nil, limit: 9).isEmpty)
    let odd = [[], [UInt8](repeating: 7, count: JournalOptions.maximumBodyBytes), [0]]
    #expect(try journal.append(odd, urgent: true).count == 3)
    #expect(try journal.entries(after: nil, limit: 9).map(\.body) == odd)
  }

  @Test func unknownFileSystemsAreNamed() {
    #expect(throws: JournalError.unknownFileSystem(name: "nonesuch")) { try JournalFixture().open(vfs: "nonesuch") }
  }

  @Test func aMillionEntriesTakeLessThanAGigabyte() throws {
    let fixture = JournalFixture()
    let journal = try fixture.open()
    let count = 100_000
    for start in stride(from: 0, to: count, by: 5_000) {
      _ = try journal.append((start..<start + 5_000).map { body($0, bytes: 300) }, urgent: false)
      try journal.maintain(month: nil)
    }
    journal.close()
    let bytes = try fixture.files("").reduce(0) {
      $0 + (try FileManager.default.attributesOfItem(atPath: fixture.path($1))[.size] as? Int ?? 0)
    }
    #expect(bytes / count < 500, "\(bytes / count) bytes per entry, 1,000 are allowed")
    #expect(bytes / count > 300)
  }

  @Test func theWriteAheadFileDoesNotGrowForEver() throws {
    let fixture = JournalFixture()
    let journal = try fixture.open { $0.checkpointPages = 20 }
    for batch in 0..<400 { try journal.write([batch]) }
    let ahead = try #require(try fixture.files("-wal").first)
    let size = try #require(try FileManager.default.attributesOfItem(atPath: fixture.path(ahead))[.size] as? Int)
    #expect(size < 200 * 4_120)
    #expect(try journal.numbers == Array(0..<400))
  }
}
