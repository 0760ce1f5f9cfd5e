import DeviceKit
import Foundation
import Journal

/// The real journal on real SQLite over a file system that fails by the same script.
final class SQLiteStorage: SimulatedStorage {
  private let disk: FaultyFileSystem
  private let folder: String
  private var journal: SQLiteJournal?
  private(set) var outcomes: [CutOutcome] = []
  /// Entries before the commit that a cut was to strike, as far as they were seen.
  private var lengthBeforeCut: Int?

  /// - Parameter folder: made when it is not there; whoever made the site removes it.
  /// - Throws: `JournalError.unknownFileSystem` when SQLite has no file system to stand on.
  init(seed: UInt64, folder: String) throws(JournalError) {
    guard let disk = FaultyFileSystem(seed: seed) else { throw .unknownFileSystem(name: "default") }
    self.disk = disk
    self.folder = folder
  }

  // The files' owner must not go before they are closed.
  deinit { journal?.close() }

  func open() throws(JournalError) -> any EntryStore {
    var options = JournalOptions()
    options.vfs = disk.name
    options.ballastBytes = 64 << 10
    options.checkpointPages = 32
    let journal = try SQLiteJournal(folder: folder, month: JournalMonth(year: 2026, month: 11), options: options)
    if let before = lengthBeforeCut {
      lengthBeforeCut = nil
      let entries = try journal.entries(after: nil, limit: .max).count
      outcomes.append(entries > before ? .kept : .lost)
    }
    self.journal = journal
    return journal
  }

  func killed() {
    // Closing would tidy up, which a killed program does not: with the power gone nothing of that reaches the files.
    disk.cutPower()
    journal?.close()
    journal = nil
    try? disk.restart()
  }

  func cutPower() { disk.cutPower() }

  func cutPowerSoon(after operations: Int) {
    lengthBeforeCut = (try? journal?.entries(after: nil, limit: .max).count) ?? 0
    disk.schedule(.powerCut, after: operations)
  }

  var isCut: Bool { disk.isCut }

  func powerReturns() throws {
    disk.cutPower()
    journal?.close()
    journal = nil
    try disk.restart()
  }

  func strike(_ fault: StorageFault) {
    switch fault {
    case .syncError: disk.schedule(.syncError, after: 0)
    case .shortWrite: disk.schedule(.shortWrite, after: 0)
    case .dead: disk.refusesWrites = true
    case .full: disk.quotaBytes = 0
    }
  }

  func heal() {
    disk.refusesWrites = false
    disk.quotaBytes = nil
  }

  func alterAnEntry() {
    journal?.close()
    journal = nil
    let files = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { $0.hasSuffix(".sqlite") }.sorted()
    guard let file = files.last, var bytes = FileManager.default.contents(atPath: "\(folder)/\(file)"),
      let place = bytes.range(of: Data("\"change\"".utf8), options: .backwards)
    else { return }
    bytes[place.lowerBound + 1] ^= 1
    try? bytes.write(to: URL(fileURLWithPath: "\(folder)/\(file)"))
  }
}
