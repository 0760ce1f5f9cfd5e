import Foundation
import SimulatedSite
import Testing

@testable import Journal

@Suite struct DiskFaultTests {
  @Test(arguments: 0..<20) func aFailedSyncEndsTheFile(_ seed: UInt64) throws {
    let disk = try #require(FaultyFileSystem(seed: seed))
    let fixture = JournalFixture()
    var journal = try fixture.open(vfs: disk.name)
    let before = try journal.write(1...3)
    disk.schedule(.syncError, after: 0)
    let after = try journal.write(4...5)
    #expect(disk.injected(.syncError) == 1)
    #expect(after.map { "\($0.position)" } == ["2/1", "2/2"])
    #expect(journal.condition.state == .healthy)
    #expect(journal.condition.faults.map(\.kind) == [.fileEnded])
    #expect(journal.condition.faults.first?.description.hasPrefix("日志文件写盘失败") == true)
    #expect(journal.segments().map(\.cause) == [.firstOfAll, .fileEnded])
    #expect(journal.segments().last?.anchor == before.last?.head)
    // Only once each, now, after a restart and after a power cut, although the old file may hold rows that never counted.
    #expect(try journal.entries(after: nil, limit: 99) == before + after)
    #expect(journal.verify().isSound)
    journal.close()
    journal = try fixture.open(vfs: disk.name)
    #expect(try journal.entries(after: nil, limit: 99) == before + after)
    disk.cutPower()
    journal.close()
    try disk.restart()
    journal = try fixture.open(vfs: disk.name)
    #expect(try journal.entries(after: nil, limit: 99) == before + after)
    #expect(journal.verify().isSound)
  }

  @Test func aShortWriteEndsTheFileToo() throws {
    let disk = try #require(FaultyFileSystem(seed: 3))
    let fixture = JournalFixture()
    let journal = try fixture.open(vfs: disk.name)
    try journal.write(1...3)
    disk.schedule(.shortWrite, after: 1)
    #expect(try journal.write(4...4).first?.position == JournalPosition(epoch: 2, sequence: 1))
    #expect(disk.injected(.shortWrite) == 1)
    #expect(try journal.numbers == [1, 2, 3, 4])
  }

  @Test func aFailedCheckpointLosesNothing() throws {
    let disk = try #require(FaultyFileSystem(seed: 4))
    let fixture = JournalFixture()
    let journal = try fixture.open(vfs: disk.name) { $0.checkpointPages = 4 }
    for number in 1...30 { try journal.write([number]) }
    // The first sync of a checkpoint is the write-ahead file's, the second the main file's.
    disk.schedule(.syncError, after: 1)
    try journal.maintain(month: nil)
    #expect(disk.injected(.syncError) == 1)
    #expect(journal.condition.faults.map(\.kind) == [.fileEnded])
    #expect(try journal.write(31...31).first?.position == JournalPosition(epoch: 2, sequence: 1))
    disk.cutPower()
    journal.close()
    try disk.restart()
    #expect(try fixture.open(vfs: disk.name).numbers == Array(1...31))
  }

  @Test func aDeadDiskIsSaidAndTriedAgain() throws {
    let disk = try #require(FaultyFileSystem(seed: 5))
    let fixture = JournalFixture()
    var journal = try fixture.open(vfs: disk.name)
    try journal.write(1...3)
    disk.cutPower()
    #expect(throws: JournalError.self) { try journal.write(4...4) }
    #expect(journal.condition.state == .failed)
    #expect(throws: JournalError.self) { try journal.write(5...5) }
    journal.close()
    try disk.restart()
    journal = try fixture.open(vfs: disk.name)
    #expect(try journal.numbers.starts(with: [1, 2, 3]))
    #expect(try !journal.numbers.contains(5))
  }

  @Test func afterAFailureTheNextAppendFindsAFileAgain() throws {
    let disk = try #require(FaultyFileSystem(seed: 6))
    let fixture = JournalFixture()
    let journal = try fixture.open(vfs: disk.name)
    try journal.write(1...3)
    for _ in 0..<4 { disk.schedule(.syncError, after: 0) }
    // All four strike: in the commit, and in making the new file.
    for later in 1...3 { disk.schedule(.syncError, after: later) }
    #expect(throws: JournalError.self) { try journal.write(4...4) }
    #expect(journal.condition.state == .failed)
    disk.clearSchedule()
    try journal.write(5...5)
    #expect(journal.condition.state == .healthy)
    #expect(try journal.numbers == [1, 2, 3, 5])
    journal.close()
    #expect(try fixture.open(vfs: disk.name).numbers == [1, 2, 3, 5])
  }

  @Test func aFullDiskTakesOnlyCallsUntilSpaceReturns() throws {
    let disk = try #require(FaultyFileSystem(seed: 7))
    let fixture = JournalFixture()
    let journal = try fixture.open(vfs: disk.name, ballast: 1 << 20)
    #expect(try fixture.files(Ballast.file).count == 1)
    try journal.write(1...3)
    let used = try fixture.files("").reduce(0) {
      $0 + (try FileManager.default.attributesOfItem(atPath: fixture.path($1))[.size] as? Int ?? 0)
    }
    disk.quotaBytes = used
    #expect(throws: JournalError.diskFull(callsStillFit: true)) {
      for batch in 4...400 { try journal.write([batch], urgent: false) }
    }
    #expect(journal.condition.state == .diskFull)
    #expect(journal.condition.faults.map(\.kind) == [.diskFull])
    #expect(try fixture.files(Ballast.file).isEmpty)
    // Calls go on, in the same file and epoch; nothing else does, and no snapshot takes their room.
    let head = journal.last
    #expect(
      try journal.write(1_000...1_000, urgent: true).first?.position
        == JournalPosition(epoch: 1, sequence: head.position.sequence + 1))
    #expect(throws: JournalError.diskFull(callsStillFit: true)) { try journal.write(1_001...1_001, urgent: false) }
    #expect(throws: JournalError.diskFull(callsStillFit: true)) {
      try journal.saveSnapshot(JournalSnapshot(head: head, foldVersion: 1, bytes: []))
    }
    try journal.maintain(month: nil)
    #expect(journal.condition.state == .diskFull)
    #expect(try fixture.files(Ballast.file).isEmpty)
    // A restart remembers by the missing ballast.
    journal.close()
    let reopened = try fixture.open(vfs: disk.name, ballast: 1 << 20)
    #expect(reopened.condition.state == .diskFull)
    try reopened.write(1_002...1_002, urgent: true)
    disk.quotaBytes = nil
    try reopened.maintain(month: nil)
    #expect(reopened.condition.state == .healthy)
    #expect(try fixture.files(Ballast.file).count == 1)
    try reopened.write(1_003...1_003, urgent: false)
    #expect(try reopened.numbers.suffix(3) == [1_000, 1_002, 1_003])
    #expect(reopened.verify().isSound)
  }

  @Test func aCallOnAFullDiskIsWrittenAtOnce() throws {
    let disk = try #require(FaultyFileSystem(seed: 8))
    let fixture = JournalFixture()
    let journal = try fixture.open(vfs: disk.name, ballast: 1 << 20)
    // Full to the last byte, and the very first that comes is a call.
    disk.quotaBytes = (1 << 20) + 1
    #expect(try journal.write(1...2, urgent: true).count == 2)
    #expect(journal.condition.state == .diskFull)
    #expect(disk.fullAnswers > 0)
    #expect(try journal.numbers == [1, 2])
  }

  @Test func whenNotEvenACallFitsItIsSaid() throws {
    let disk = try #require(FaultyFileSystem(seed: 9))
    let fixture = JournalFixture()
    let journal = try fixture.open(vfs: disk.name)
    try journal.write(1...3)
    disk.quotaBytes = 0
    #expect(throws: JournalError.diskFull(callsStillFit: false)) { for batch in 4...99 { try journal.write([batch]) } }
    disk.quotaBytes = nil
    try journal.maintain(month: nil)
    #expect(journal.condition.state == .healthy)
    try journal.write(100...100)
    #expect(try journal.numbers.last == 100)
    #expect(journal.verify().isSound)
  }
}
