import Foundation
import Journal
import Testing

/// A folder that goes away with the test.
final class ScratchFolder {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("linli-\(UUID().uuidString)").path
  deinit { try? FileManager.default.removeItem(atPath: path) }

  func open(_ change: (inout JournalOptions) -> Void = { _ in }) throws -> SQLiteJournal {
    var options = JournalOptions()
    options.ballastBytes = 1 << 16
    change(&options)
    return try SQLiteJournal(folder: path, station: "t", options: options)
  }

  var segments: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).filter { $0.hasSuffix(".sqlite") }.sorted()
  }
}

func body(_ number: Int) -> [UInt8] { Array("{\"entry\":\(number),\"text\":\"\(String(repeating: "x", count: 40))\"}".utf8) }

@Suite struct JournalTests {
  let folder = ScratchFolder()

  @Test func whatWasAppendedIsThereAfterReopeningInOrderAndChained() throws {
    var journal: SQLiteJournal? = try folder.open()
    for number in 1...50 { try journal?.append([body(number * 2), body(number * 2 + 1)], urgent: false) }
    journal = nil
    let again = try folder.open()
    let entries = try again.entries(after: nil, limit: 1000)
    #expect(entries.map(\.body) == (2...101).map(body))
    #expect(entries.map(\.position.sequence) == Array(1...100))
    #expect(try again.verify() == [])
    var hash = JournalChain.start
    for entry in entries {
      hash = JournalChain.hash(previous: hash, position: entry.position, body: entry.body)
      #expect(entry.hash == hash)
    }
    #expect(try again.entries(after: entries[97].position, limit: 10).map(\.body) == [body(100), body(101)])
  }

  @Test func theChainIsWhatItsDescriptionSays() {
    // Computed by hand with another program: 32 zero bytes, 00000001, 0000000000000001, "a".
    let hash = JournalChain.hash(previous: JournalChain.start, position: JournalPosition(epoch: 1, sequence: 1), body: [0x61])
    #expect(
      hash.map { String(format: "%02x", $0) }.joined() == "b8e2d52c39be5ab419426eab1d8ce3cc4571c43952b9eea788590c7a1e969a45")
  }

  @Test func aSecondStartIsRefusedAndNamesTheFirst() throws {
    let first = try folder.open()
    #expect(throws: JournalError.inUse(folder: folder.path, holder: "\(getpid())")) { _ = try folder.open() }
    withExtendedLifetime(first) {}
  }

  @Test func listingBesideARunningStationWorks() throws {
    let writer = try folder.open()
    try writer.append([body(1)], urgent: false)
    let reader = try folder.open { $0.readOnly = true }
    #expect(try reader.entries(after: nil, limit: 9).map(\.body) == [body(1)])
    #expect(throws: JournalError.self) { try reader.append([body(2)], urgent: true) }
  }

  @Test func aNewMonthIsANewFileAndTheOldestCanBeDropped() throws {
    let journal = try folder.open { $0.month = "2026-10" }
    try journal.append([body(1), body(2)], urgent: false)
    try journal.enter(month: "2026-09")
    #expect(folder.segments.count == 1, "months only move forward")
    try journal.enter(month: "2026-11")
    try journal.append([body(3)], urgent: false)
    #expect(folder.segments.count == 2)
    #expect(try journal.verify() == [])
    #expect(journal.dropOldestSegment() && !journal.dropOldestSegment())
    #expect(try journal.entries(after: nil, limit: 9).map(\.body) == [body(3)])
    #expect(try journal.verify() == [], "the header of the file is the anchor")
    try journal.append([body(4)], urgent: false)
    #expect(journal.last?.position == JournalPosition(epoch: 1, sequence: 4))
  }

  @Test func anAlteredBodyIsFoundAndSalvagedAroundUnderANewEpoch() throws {
    var journal: SQLiteJournal? = try folder.open()
    for number in 1...20 { try journal?.append([body(number)], urgent: false) }
    journal = nil
    let path = folder.path + "/" + folder.segments[0]
    try alter(path, find: body(7), to: body(8))
    let damaged = try folder.open { $0.readOnly = true }
    #expect(try damaged.verify().first?.sequence == 7)
    let salvaged = try folder.open()
    let entries = try salvaged.entries(after: nil, limit: 100)
    #expect(entries.map(\.position.sequence) == Array(1...6) + Array(8...20))
    #expect(salvaged.takeNotice()?.contains("7…7") == true)
    #expect(salvaged.takeNotice() == nil)
    try salvaged.append([body(21)], urgent: false)
    #expect(salvaged.last?.position == JournalPosition(epoch: 2, sequence: 21))
    #expect(try salvaged.verify() == [])
    #expect(FileManager.default.fileExists(atPath: path + ".damaged"), "nothing is thrown away")
  }

  @Test func everyKindOfGarbageInTheFileStillOpens() throws {
    for seed in 0..<12 {
      let folder = ScratchFolder()
      var journal: SQLiteJournal? = try folder.open()
      for number in 1...200 { try journal?.append([body(number)], urgent: false) }
      journal = nil
      let path = folder.path + "/" + folder.segments[0]
      var bytes = try #require(FileManager.default.contents(atPath: path))
      let start = bytes.count * seed / 12
      for index in start..<min(start + 700, bytes.count) { bytes[index] = UInt8(truncatingIfNeeded: index &* 31 &+ seed) }
      try bytes.write(to: URL(fileURLWithPath: path))
      let salvaged = try folder.open()
      try salvaged.append([body(1000)], urgent: true)
      #expect(try salvaged.verify() == [], "seed \(seed)")
      let kept = try salvaged.entries(after: nil, limit: 1000)
      for entry in kept.dropLast() { #expect(entry.body == body(Int(entry.position.sequence)), "seed \(seed)") }
    }
  }

  @Test func snapshotsAreACache() throws {
    let journal = try folder.open()
    try journal.append([body(1), body(2)], urgent: false)
    let last = try #require(journal.last)
    try journal.saveSnapshot(position: last.position, foldVersion: 3, bytes: [1, 2, 3])
    #expect(try journal.latestSnapshot(foldVersion: 3)?.bytes == [1, 2, 3])
    #expect(try journal.latestSnapshot(foldVersion: 4) == nil)
    try Data([0, 1]).write(to: URL(fileURLWithPath: folder.path + "/snapshot.json"))
    #expect(try journal.latestSnapshot(foldVersion: 3) == nil)
  }

  @Test func aMillionEntriesTakeAtMostAGigabyte() throws {
    let count = ProcessInfo.processInfo.environment["LINLI_LONG"] == nil ? 50_000 : 1_000_000
    let text = [UInt8](repeating: 0x61, count: 300)
    var journal: SQLiteJournal? = try folder.open()
    for _ in 0..<(count / 1000) { try journal?.append([[UInt8]](repeating: text, count: 1000), urgent: false) }
    journal = nil
    let size = try folder.segments.reduce(0) { sum, name in
      sum + (try FileManager.default.attributesOfItem(atPath: folder.path + "/" + name)[.size] as? Int ?? 0)
    }
    #expect(size / count < 1000)
  }

  private func alter(_ path: String, find: [UInt8], to replacement: [UInt8]) throws {
    var bytes = try #require(FileManager.default.contents(atPath: path))
    let range = try #require(bytes.range(of: Data(find)))
    bytes.replaceSubrange(range, with: replacement)
    try bytes.write(to: URL(fileURLWithPath: path))
  }
}
