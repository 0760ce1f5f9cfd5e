import DeviceKit
import Foundation
import Testing

#if canImport(Glibc)
  import Glibc
#endif

@testable import Journal

@Suite struct DamageTests {
  /// A closed journal of one segment with `count` entries; every seventh has a body of several pages.
  private func written(_ count: Int, into fixture: JournalFixture) throws -> [JournalEntry] {
    let journal = try fixture.open()
    var entries: [JournalEntry] = []
    for index in 1...count { entries += try journal.append([body(index, bytes: index % 7 == 0 ? 9_000 : 200)], urgent: false) }
    journal.close()
    return entries
  }

  @Test func aDamagedByteAnywhereIsFoundAndTheRestIsSalvaged() throws {
    let fixture = JournalFixture()
    let entries = try written(60, into: fixture)
    let file = try #require(try fixture.files().first)
    let size = try #require(try FileManager.default.attributesOfItem(atPath: fixture.path(file))[.size] as? Int)
    var random = SeededRandom(seed: 11)
    var found = 0
    // Every byte of the first page's header, a drawn byte of each piece that follows, and one in the last entry.
    let step = ProcessInfo.processInfo.environment["LINLI_LONG"] == "1" ? 50 : 1_000
    let offsets = Array(0..<100) + stride(from: 100, to: size, by: step).map { $0 + Int(random.below(UInt32(step))) } + [104_702]
    for offset in offsets {
      let copy = JournalFixture()
      try FileManager.default.copyItem(atPath: fixture.folder, toPath: copy.folder)
      try copy.damage(file, at: offset, with: UInt8(1 + random.below(255)))
      let reader = try? JournalReader(folder: copy.folder)
      let sound = reader?.verify().isSound ?? false
      if sound, let read = try? reader?.entries(after: nil, limit: .max), read == entries { continue }
      #expect(!sound, "byte \(offset) changed what is read and was not found")
      found += 1
      let journal = try copy.open()
      let left = try journal.entries(after: nil, limit: .max)
      #expect(left.allSatisfy { entries.contains($0) }, "byte \(offset)")
      #expect(left.map(\.position) == left.map(\.position).sorted())
      #expect(left.count >= entries.count - 1, "byte \(offset) cost \(entries.count - left.count) entries")
      let more = try journal.write(100...100)
      #expect(more.first?.sequence == (journal.salvages.isEmpty ? 61 : 1))
      #expect(journal.salvages.isEmpty || more.first?.epoch == 2)
      #expect(try journal.salvages.isEmpty || copy.files(".damaged") == ["\(file).damaged"])
      let after = journal.verify()
      #expect(!journal.salvages.isEmpty || !after.isSound || left == entries, "byte \(offset)")
      if !journal.salvages.isEmpty {
        #expect(after.isSound, "byte \(offset): \(after.findings)")
        #expect(left.count == entries.count || !after.knownGaps.isEmpty, "byte \(offset): a loss is listed")
      }
    }
    #expect(found > offsets.count / 2)
  }

  @Test func theReportNamesFileAndSequence() throws {
    let fixture = JournalFixture()
    let entries = try written(20, into: fixture)
    let file = try #require(try fixture.files().first)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: fixture.path(file)))
    let place = try #require(bytes.range(of: Data(entries[11].body.prefix(30))))
    try fixture.damage(file, at: place.lowerBound + 20)
    let report = try JournalReader(folder: fixture.folder).verify()
    let position = JournalPosition(epoch: 1, sequence: 12)
    #expect(report.findings == [.init(file: file, position: position, problem: .contentAltered)])
    #expect(throws: JournalError.damaged(file: file, position: position, problem: .contentAltered)) {
      try JournalReader(folder: fixture.folder).entries(after: nil, limit: 99)
    }
    let journal = try fixture.open()
    let gap = JournalGap(after: entries[10].position, before: entries[12].position)
    #expect(journal.salvages.map(\.gaps) == [[gap]])
    #expect(gap.missing == 1)
    #expect(journal.condition.faults.map(\.kind) == [.salvaged])
    #expect(try journal.numbers == Array(1...20).filter { $0 != 12 })
    // Known from then on: no new alarm, no further epoch.
    try journal.write(21...21)
    journal.close()
    let again = try fixture.open()
    #expect(again.condition == .healthy)
    #expect(again.verify().knownGaps == [gap])
    #expect(again.last.position == JournalPosition(epoch: 2, sequence: 1))
  }

  @Test func alteringAnEntryWithItsHashBreaksTheChain() throws {
    let fixture = JournalFixture()
    let entries = try written(6, into: fixture)
    let file = try #require(try fixture.files().first)
    let forged = EntryHash.chained(after: entries[1].hash, at: entries[2].position, body: Array("forged".utf8))
    let connection = try SQLiteConnection(path: fixture.path(file), mode: .write, vfs: nil)
    let update = try connection.prepare("UPDATE entry SET body = ?1, hash = ?2 WHERE key = ?3")
    update.bind(Array("forged".utf8), at: 1)
    update.bind(forged.bytes, at: 2)
    update.bind(entries[2].position.key, at: 3)
    try update.run()
    update.finish()
    connection.close()
    let findings = try JournalReader(folder: fixture.folder).verify().findings
    #expect(findings == [.init(file: file, position: entries[3].position, problem: .chainBroken)])
  }

  @Test func aDeletedEntryIsFound() throws {
    let fixture = JournalFixture()
    let entries = try written(6, into: fixture)
    let file = try #require(try fixture.files().first)
    let connection = try SQLiteConnection(path: fixture.path(file), mode: .write, vfs: nil)
    try connection.execute("DELETE FROM entry WHERE key = \(entries[2].position.key)")
    connection.close()
    let findings = try JournalReader(folder: fixture.folder).verify().findings
    #expect(findings.map(\.problem) == [.sequenceJump(expected: entries[2].position)])
  }

  @Test func salvageReadsTheWriteAheadFile() throws {
    let fixture = JournalFixture()
    let journal = try fixture.open()
    let entries = try journal.write(1...40) + journal.write(41...45)
    let copy = JournalFixture()
    try FileManager.default.copyItem(atPath: fixture.folder, toPath: copy.folder)
    let file = try #require(try copy.files().first)
    // Nothing has reached the main file yet; its header page goes.
    try Data(count: 4_096).write(to: URL(fileURLWithPath: copy.path(file)))
    try Data(repeating: 0xA5, count: 3).write(to: URL(fileURLWithPath: copy.path("unrelated.txt")))
    let scan = PageScan(path: copy.path(file))
    #expect(Set(scan.found.map(\.entry)) == Set(entries))
  }

  @Test func aMiddleFileIsSalvagedInItsPlace() throws {
    let fixture = JournalFixture()
    var journal = try fixture.open()
    try journal.write(1...30)
    try journal.maintain(month: JournalFixture.december)
    try journal.write(31...60)
    journal.close()
    // The whole header page, schema and all.
    let file = "journal-2026-11-0001.sqlite"
    for offset in 0..<64 { try fixture.damage(file, at: offset, with: 0x5A) }
    journal = try fixture.open(month: JournalFixture.december)
    #expect(journal.salvages.map(\.copied) == [30])
    #expect(journal.salvages.first?.gaps.isEmpty == true)
    #expect(try journal.numbers == Array(1...60))
    #expect(try journal.write(61...61).first?.position == JournalPosition(epoch: 2, sequence: 1))
    #expect(journal.verify().isSound)
    // Retention takes the damaged copy too.
    let later = try #require(JournalFixture.december)
    let dropped = try journal.dropSegments(through: journal.last.position, before: later, mayBegin: { _ in true })
    #expect(dropped == ["\(file).damaged", file])
    #expect(try fixture.files(".damaged").isEmpty)
  }

  @Test func anInterruptedSalvageIsFinished() throws {
    let fixture = JournalFixture()
    _ = try written(20, into: fixture)
    let file = try #require(try fixture.files().first)
    let manager = FileManager.default
    for stage in 0..<3 {
      let copy = JournalFixture()
      try manager.copyItem(atPath: fixture.folder, toPath: copy.folder)
      if stage > 0 { try manager.copyItem(atPath: copy.path(file), toPath: copy.path(file + ".salvage")) }
      if stage > 1 { try manager.moveItem(atPath: copy.path(file), toPath: copy.path(file + ".damaged")) }
      try Data([1, 2, 3]).write(to: URL(fileURLWithPath: copy.path("journal-2026-11-0002.sqlite.new")))
      try Data([1, 2, 3]).write(to: URL(fileURLWithPath: copy.path("journal-2026-11-0002.sqlite.new-wal")))
      let journal = try copy.open()
      #expect(try journal.numbers == Array(1...20), "stage \(stage)")
      #expect(try copy.files(".damaged").count == (stage > 0 ? 1 : 0))
      #expect(try copy.files(".salvage").isEmpty && copy.files(".new").isEmpty && copy.files(".new-wal").isEmpty)
    }
  }

  @Test func aReadOnlyFolderIsSaidAndCanStillBeReadAndVerified() throws {
    let fixture = JournalFixture()
    let journal = try fixture.open()
    let entries = try journal.write(1...9)
    // As a killed station leaves it: the entries are still in the write-ahead file.
    let copy = JournalFixture()
    let manager = FileManager.default
    try manager.copyItem(atPath: fixture.folder, toPath: copy.folder)
    for file in try copy.files("-shm") { try manager.removeItem(atPath: copy.path(file)) }
    for file in try copy.files("") { try manager.setAttributes([.posixPermissions: 0o444], ofItemAtPath: copy.path(file)) }
    try manager.setAttributes([.posixPermissions: 0o555], ofItemAtPath: copy.folder)
    defer { try? manager.setAttributes([.posixPermissions: 0o755], ofItemAtPath: copy.folder) }
    try asNobody {
      #expect(throws: JournalError.readOnly(folder: copy.folder)) { try copy.open() }
      let reader = try JournalReader(folder: copy.folder)
      #expect(try reader.entries(after: nil, limit: 99) == entries)
      #expect(reader.verify().isSound)
    }
    #expect(JournalError.readOnly(folder: "/x").description.hasPrefix("日志目录只读"))
  }

  /// Root may write everywhere; for this thread's file accesses that is laid down.
  private func asNobody(_ work: () throws -> Void) throws {
    guard geteuid() == 0 else { return try work() }
    typealias SetUser = @convention(c) (UInt32) -> Int32
    let symbol = try #require(dlsym(nil, "setfsuid"))
    let setUser = unsafeBitCast(symbol, to: SetUser.self)
    _ = setUser(65_534)
    defer { _ = setUser(0) }
    try work()
  }
}
