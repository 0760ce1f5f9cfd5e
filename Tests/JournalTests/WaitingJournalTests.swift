import Foundation
import SimulatedSite
import Testing

@testable import Journal

/// A station starts although its disk does not let the journal be opened.
@Suite struct WaitingJournalTests {
  private func waiting(_ fixture: JournalFixture, _ disk: FaultyFileSystem) throws -> WaitingJournal {
    var options = JournalOptions()
    options.vfs = disk.name
    options.ballastBytes = 0
    return try WaitingJournal(folder: fixture.folder, month: JournalFixture.november, options: options)
  }

  @Test func whatCanBeReadIsGivenAndTheRestIsTakenLater() throws {
    let disk = try #require(FaultyFileSystem(seed: 5))
    let fixture = JournalFixture()
    var journal: SQLiteJournal? = try fixture.open(vfs: disk.name)
    let before = try #require(journal).write(1...3)
    try journal?.maintain(month: nil)
    journal?.close()
    journal = nil
    // In another month a new file would have to be made.
    disk.refusesWrites = true
    var options = JournalOptions()
    options.vfs = disk.name
    options.ballastBytes = 0
    let store = try WaitingJournal(folder: fixture.folder, month: JournalFixture.december, options: options)
    #expect(store.isProvisional && store.condition.state == .failed && store.condition.faults.map(\.kind) == [.notOpened])
    #expect(try store.entries(after: nil, limit: 99) == before && store.last == before.last?.head)
    #expect(throws: JournalError.self) { _ = try store.append([body(4)], urgent: true) }
    #expect(throws: JournalError.self) { try store.maintain(month: JournalFixture.december) }
    // A second station is kept away all the same.
    #expect(throws: JournalError.inUse(folder: fixture.folder, pid: getpid())) { _ = try fixture.open(vfs: disk.name) }
    #expect(throws: JournalError.inUse(folder: fixture.folder, pid: getpid())) { _ = try waiting(fixture, disk) }
    disk.refusesWrites = false
    usleep(1_100_000)
    try store.maintain(month: JournalFixture.december)
    #expect(!store.isProvisional && store.last == before.last?.head && store.condition.state == .healthy)
    #expect(store.condition.faultCount == 1, "that it had to wait stays to be seen")
    let after = try store.append([body(4)], urgent: true)
    #expect(try store.entries(after: nil, limit: 99) == before + after)
  }

  @Test func aFreshFolderOnADiskThatRefusesIsMadeLater() throws {
    let disk = try #require(FaultyFileSystem(seed: 6))
    let fixture = JournalFixture()
    disk.refusesWrites = true
    let store = try waiting(fixture, disk)
    #expect(try store.isProvisional && store.entries(after: nil, limit: 9).isEmpty && store.last == .start)
    disk.refusesWrites = false
    try store.maintain(month: JournalFixture.november)
    #expect(try !store.isProvisional && store.append([body(1)], urgent: true).count == 1)
  }

  @Test func anOpenDiskIsNotWaitedFor() throws {
    let disk = try #require(FaultyFileSystem(seed: 7))
    let fixture = JournalFixture()
    let store = try waiting(fixture, disk)
    #expect(!store.isProvisional && store.condition == .healthy)
    #expect(throws: JournalError.inUse(folder: fixture.folder, pid: getpid())) { _ = try waiting(fixture, disk) }
  }
}
