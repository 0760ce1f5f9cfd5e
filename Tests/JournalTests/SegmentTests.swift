import Foundation
import Testing

@testable import Journal

@Suite struct SegmentTests {
  @Test func aMonthIsAFileAndTheChainCrossesTheBorder() throws {
    let fixture = JournalFixture()
    let journal = try fixture.open()
    try journal.write(1...3)
    try journal.maintain(month: JournalFixture.december)
    try journal.write(4...6)
    #expect(try fixture.files() == ["journal-2026-11-0001.sqlite", "journal-2026-12-0002.sqlite"])
    #expect(journal.last.position == JournalPosition(epoch: 1, sequence: 6))
    #expect(try journal.numbers == Array(1...6))
    let segments = journal.segments()
    #expect(segments.map(\.cause) == [.firstOfAll, .month])
    #expect(try segments[1].anchor == journal.entries(after: nil, limit: 3).last?.head)
    #expect(journal.verify() == JournalVerification(files: 2, entries: 6))
  }

  @Test func monthsMoveForwardOnly() throws {
    let fixture = JournalFixture()
    var journal = try fixture.open(month: JournalFixture.december)
    try journal.write(1...1)
    try journal.maintain(month: JournalFixture.november)
    try journal.maintain(month: nil)
    try journal.write(2...2)
    journal.close()
    journal = try fixture.open(month: JournalFixture.november)
    try journal.write(3...3)
    journal.close()
    journal = try fixture.open(month: nil)
    try journal.write(4...4)
    #expect(try fixture.files() == ["journal-2026-12-0001.sqlite"])
    #expect(try journal.numbers == [1, 2, 3, 4])
  }

  @Test func aNewMonthAtStartBeginsANewFile() throws {
    let fixture = JournalFixture()
    try fixture.open().write(1...2)
    let journal = try fixture.open(month: JournalFixture.december)
    #expect(journal.segments().count == 2)
    #expect(try journal.write(3...3).first?.position == JournalPosition(epoch: 1, sequence: 3))
    #expect(journal.verify().isSound)
  }

  @Test func droppedFilesLeaveTheirAnchor() throws {
    let fixture = JournalFixture()
    let journal = try fixture.open()
    let november = try journal.write(1...3)
    try journal.maintain(month: JournalFixture.december)
    let december = try journal.write(4...6)
    let kept = try #require(JournalFixture.december)
    // The parent has not all of it: nothing goes.
    #expect(try journal.dropSegments(through: november[1].position, before: kept, mayBegin: { _ in true }).isEmpty)
    #expect(
      try journal.dropSegments(through: november[2].position, before: kept, mayBegin: { _ in true }) == [
        "journal-2026-11-0001.sqlite"
      ])
    // The file that is written stays, whatever is asked.
    let january = try #require(JournalMonth(year: 2027, month: 1))
    #expect(try journal.dropSegments(through: december[2].position, before: january, mayBegin: { _ in true }).isEmpty)
    #expect(try fixture.files() == ["journal-2026-12-0002.sqlite"])
    #expect(try journal.entries(after: nil, limit: 9) == december)
    #expect(try journal.entries(after: november[2].position, limit: 9) == december)
    #expect(journal.segments().first?.anchor == november[2].head)
    #expect(journal.verify().isSound)
    let more = try journal.write(7...7)
    journal.close()
    let reopened = try fixture.open(month: nil)
    #expect(try reopened.entries(after: nil, limit: 9) == december + more)
    #expect(reopened.condition == .healthy)
  }

  /// The file that would be the first has to be one that a fold may begin with; until then more stays than has to.
  @Test func onlyWhatIsBeforeAGoodBeginningIsDropped() throws {
    let fixture = JournalFixture()
    let journal = try fixture.open(month: nil)
    try journal.write(1...2)
    var anchors: [JournalHead] = []
    for month in 1...5 {
      anchors.append(journal.last)
      try journal.maintain(month: JournalMonth(year: 2026, month: month))
      #expect(journal.isAtMonthStart)
      try journal.write(month * 10...month * 10 + 1)
      #expect(!journal.isAtMonthStart)
    }
    let end = journal.last.position
    let april = try #require(JournalMonth(year: 2026, month: 4))
    #expect(try journal.dropSegments(through: end, before: april, mayBegin: { _ in false }).isEmpty)
    var asked: [JournalHead] = []
    let dropped = try journal.dropSegments(through: end, before: april) { head in
      asked.append(head)
      return head == anchors[1]
    }
    // What was begun without a clock ends where the next file begins, in January; March is the last that is old enough.
    #expect(asked == Array(anchors[0...3]))
    #expect(dropped == ["journal-2000-01-0001.sqlite", "journal-2026-01-0002.sqlite"])
    #expect(try journal.numbers == [20, 21, 30, 31, 40, 41, 50, 51] && journal.verify().isSound)
    #expect(journal.holds(anchors[1]) && !journal.holds(anchors[0]))
  }

  /// Set back to an older copy, and gone on in a new epoch: the parent has other entries under the numbers before.
  @Test func whatAParentMayHaveOtherwiseIsNotDropped() throws {
    let fixture = JournalFixture()
    let journal = try fixture.open()
    try journal.write(1...3)
    try journal.beginEpoch(above: 7)
    try journal.write(4...6)
    for month in 1...2 {
      try journal.maintain(month: JournalMonth(year: 2027, month: month))
      try journal.write(month * 10...month * 10 + 1)
    }
    let later = try #require(JournalMonth(year: 2029, month: 1))
    #expect(try journal.dropSegments(through: journal.last.position, before: later, mayBegin: { _ in true }).isEmpty)
  }

  @Test func aFileBegunWithoutAClockIsAsYoungAsTheNext() throws {
    let fixture = JournalFixture()
    let journal = try fixture.open(month: nil)
    try journal.write(1...2)
    try journal.maintain(month: JournalFixture.december)
    try journal.write(3...3)
    let end = journal.last.position
    let december = try #require(JournalFixture.december)
    #expect(try journal.dropSegments(through: end, before: december, mayBegin: { _ in true }).isEmpty)
    let january = try #require(JournalMonth(year: 2027, month: 1))
    #expect(try journal.dropSegments(through: end, before: january, mayBegin: { _ in true }).count == 1)
  }

  @Test func monthsAreCountedOverTheYear() throws {
    let march = try #require(JournalMonth(year: 2027, month: 3))
    #expect(march.earlier(by: 0) == march && march.earlier(by: 3) == JournalFixture.december)
    #expect(march.earlier(by: 12) == JournalMonth(year: 2026, month: 3) && march.earlier(by: 1200) == .unknown)
  }

  @Test func aMissingFileInTheMiddleIsFound() throws {
    let fixture = JournalFixture()
    let journal = try fixture.open()
    try journal.write(1...3)
    try journal.maintain(month: JournalFixture.december)
    try journal.write(4...6)
    try journal.maintain(month: JournalMonth(year: 2027, month: 1))
    try journal.write(7...9)
    journal.close()
    try FileManager.default.removeItem(atPath: fixture.path("journal-2026-12-0002.sqlite"))
    let problems = try JournalReader(folder: fixture.folder).verify().findings.map(\.problem)
    #expect(problems.contains(.filesMissing(first: 2, last: 2)))
    let found = JournalPosition(epoch: 1, sequence: 6)
    #expect(problems.contains(.anchorMismatch(expected: JournalPosition(epoch: 1, sequence: 3), found: found)))
    let reopened = try fixture.open(month: nil)
    #expect(reopened.condition.faults.contains { $0.kind == .entriesMissing })
    #expect(try reopened.write(10...10).first?.position == JournalPosition(epoch: 1, sequence: 10))
  }

  @Test func aRestoredJournalBeginsAnEpochAboveTheFloor() throws {
    let fixture = JournalFixture()
    try fixture.open().write(1...2)
    let journal = try fixture.open { options in
      options.beginEpoch = true
      options.epochFloor = 3_600_000
    }
    #expect(try journal.write(3...3).first?.position == JournalPosition(epoch: 3_600_000, sequence: 1))
    try journal.beginEpoch()
    #expect(try journal.write(4...4).first?.position == JournalPosition(epoch: 3_600_001, sequence: 1))
    #expect(try journal.numbers == [1, 2, 3, 4])
    #expect(journal.verify().isSound)
    #expect(journal.segments().map(\.cause) == [.firstOfAll, .restored, .restored])
  }

  @Test func aFullEpochIsFollowedByAnother() throws {
    let fixture = JournalFixture()
    let month = try #require(JournalFixture.november)
    let anchor = JournalHead(position: JournalPosition(epoch: 1, sequence: JournalPosition.maximumSequence - 2), hash: .zero)
    let header = SegmentHeader(name: SegmentName(month: month, number: 1), epoch: 1, anchor: anchor, cause: .month)
    try FileManager.default.createDirectory(atPath: fixture.folder, withIntermediateDirectories: true)
    try Segment.create(at: fixture.path("\(header.name)"), vfs: nil, header: header)
    let journal = try fixture.open()
    #expect(try journal.write(1...2).last?.position == JournalPosition(epoch: 1, sequence: JournalPosition.maximumSequence))
    #expect(try journal.write(3...3).last?.position == JournalPosition(epoch: 2, sequence: 1))
    #expect(journal.segments().map(\.cause) == [.month, .sequenceFull])
    #expect(try journal.numbers == [1, 2, 3])
    #expect(journal.verify().isSound)
  }

  @Test func snapshotsAreACache() throws {
    let fixture = JournalFixture()
    var journal = try fixture.open()
    try journal.write(1...5)
    let snapshot = JournalSnapshot(head: journal.last, foldVersion: 4, bytes: Array("state".utf8))
    try journal.saveSnapshot(snapshot)
    try journal.write(6...7)
    journal.close()
    journal = try fixture.open()
    #expect(journal.latestSnapshot(foldVersion: 4) == snapshot)
    #expect(journal.latestSnapshot(foldVersion: 5) == nil)
    #expect(try journal.entries(after: snapshot.head.position, limit: 9).compactMap { number(of: $0.body) } == [6, 7])
    journal.close()
    // A damaged one is none.
    try fixture.damage(SnapshotFile.file, at: 60)
    journal = try fixture.open()
    #expect(journal.latestSnapshot(foldVersion: 4) == nil)
    #expect(journal.condition == .healthy)
    journal.close()
    try FileManager.default.removeItem(atPath: fixture.path(SnapshotFile.file))
    #expect(try fixture.open().numbers == Array(1...7))
  }

  @Test func aSnapshotOfAnotherChainIsNotGivenOut() throws {
    let fixture = JournalFixture()
    let journal = try fixture.open()
    let entries = try journal.write(1...5)
    let fork = JournalHead(position: entries[2].position, hash: entries[3].hash)
    try journal.saveSnapshot(JournalSnapshot(head: fork, foldVersion: 1, bytes: []))
    #expect(journal.latestSnapshot(foldVersion: 1) == nil)
    try journal.saveSnapshot(JournalSnapshot(head: entries[2].head, foldVersion: 1, bytes: []))
    #expect(journal.latestSnapshot(foldVersion: 1)?.head == entries[2].head)
  }

  @Test func aLostEndIsProvenByTheSnapshot() throws {
    let fixture = JournalFixture()
    let copy = JournalFixture()
    let journal = try fixture.open()
    try journal.write(1...2)
    try FileManager.default.copyItem(atPath: fixture.folder, toPath: copy.folder)
    try journal.write(3...5)
    try journal.saveSnapshot(JournalSnapshot(head: journal.last, foldVersion: 1, bytes: []))
    // Somebody restores yesterday's files and leaves the snapshot.
    try FileManager.default.copyItem(atPath: fixture.path(SnapshotFile.file), toPath: copy.path(SnapshotFile.file))
    let older = try copy.open()
    #expect(older.condition.faults.map(\.kind) == [.entriesMissing])
    #expect(try older.write(9...9).first?.position == JournalPosition(epoch: 2, sequence: 1))
    #expect(older.latestSnapshot(foldVersion: 1) == nil)
  }
}
