import DeviceKit
import Foundation
import Journal
import SIADC09Codec
import SIADC09Driver
import Station
import StationRuntime

/// The journal as a queue of reports with a cursor. It reads beside the running station and writes nothing but the cursor's file.
final class JournalFeed {
  private struct Pending {
    var number: UInt64
    var report: CallReports.Report
    /// `nil`: from `unsent`.
    var position: JournalPosition?
  }

  private let folder: String
  private let plan: AlarmReceiverPlan
  private let file: ReceiverCursorFile
  private let log: (String) -> Void
  private let coder = EntryCoder()
  private var reader: JournalReader?
  private var reports: CallReports
  private var pending: [Pending] = []
  private var lastNumber: UInt64 = 0
  /// How far the journal was read; the cursor is where it was accepted.
  private var readThrough: JournalPosition
  private var readSinceSaved = 0
  /// Why the journal cannot be read at the moment, if so.
  private(set) var problem: String?
  /// There was no cursor, and the journal could not be read yet.
  private var hasBegun: Bool
  private(set) var cursor: ReceiverCursor
  /// The last look did not reach the journal's end.
  private(set) var hasMore = false

  /// How many entries are read at once, how often in one look (answers of the receiver wait meanwhile), and after how many entries without
  /// a call the cursor is written all the same.
  private static let page = 256
  private static let pagesPerLook = 8
  private static let saveEvery = 2000

  /// Without a usable cursor it begins at the journal's end, and with the calls that are open there. Where the end cannot be found out now
  /// (a damaged journal, which the station salvages at its start), it is tried again with each look: the station never waits for its
  /// receiver.
  init(folder: String, plan: AlarmReceiverPlan, log: @escaping (String) -> Void) {
    self.folder = folder
    self.plan = plan
    self.log = log
    file = ReceiverCursorFile(folder: folder)
    let known = file.load()
    hasBegun = known != nil
    cursor = known ?? ReceiverCursor(position: .start)
    readThrough = cursor.position
    reports = CallReports(plan: plan)
    if known != nil {
      takeUp()
    } else {
      // The folder is made here so that the cursor is there before the first call.
      try? FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o750])
      do { try begin() } catch { complain(error) }
    }
  }

  private func begin() throws {
    cursor = ReceiverCursor(position: try JournalReader(folder: folder).last().position, isNew: true)
    hasBegun = true
    save()
    takeUp()
  }

  private func takeUp() {
    readThrough = cursor.position
    reports = CallReports(plan: plan, open: cursor.open + cursor.unsent)
    for call in cursor.unsent { add(.opened(call), nil) }
  }

  /// Reads a new cursor's past for the calls that are open: on the sender's thread, because a long journal takes its time.
  private func findOpenCalls(_ reader: JournalReader) throws {
    var past = CallReports(plan: plan)
    var position: JournalPosition?
    while position ?? .start < cursor.position {
      let page = try reader.entries(after: position, limit: 1000)
      guard let last = page.last else { break }
      for entry in page where entry.position <= cursor.position {
        guard let entry = try? coder.decode(entry.body) else { continue }
        if case .carried(let state) = entry.change { past.resume(state.incidents) }
        _ = past.read(entry)
      }
      position = last.position
    }
    cursor.unsent = past.open
    cursor.isNew = false
    save()
    takeUp()
  }

  /// Reports that were not accepted yet, as far as the journal was read.
  var waiting: Int { pending.count }

  /// The next reports, in order, as many as `room` allows.
  func next(_ room: Int, alreadyGiven: Int) -> [DC09Report] {
    hasMore = true
    for _ in 0..<Self.pagesPerLook where hasMore && pending.count < alreadyGiven + room { hasMore = readOn() }
    return pending.dropFirst(alreadyGiven).prefix(room).map { item in
      let call = item.report.call
      return DC09Report(number: item.number, event: call.event, occurred: DC09Timestamp(unixSeconds: call.occurred))
    }
  }

  /// Answers false when there is nothing more for now.
  private func readOn() -> Bool {
    do {
      if !hasBegun { try begin() }
      if let reader {
        try reader.refresh()
      } else {
        reader = try JournalReader(folder: folder)
      }
      if cursor.isNew, let reader { try findOpenCalls(reader) }
      let entries = try reader?.entries(after: readThrough == .start ? nil : readThrough, limit: Self.page) ?? []
      for entry in entries {
        readThrough = entry.position
        readSinceSaved += 1
        do {
          if let report = reports.read(try coder.decode(entry.body)) { add(report, entry.position) }
        } catch {
          log("外部接警: 日志 \(entry.position) 看不懂 / alarm receiver: journal entry not understood: \(error)")
        }
      }
      problem = nil
      saveProgress()
      return entries.count == Self.page
    } catch {
      complain(error)
      reader = nil
      return false
    }
  }

  private func complain(_ error: any Error) {
    guard problem != "\(error)" else { return }
    problem = "\(error)"
    log("外部接警: 读不了日志 / alarm receiver: the journal cannot be read: \(error)")
  }

  private func add(_ report: CallReports.Report, _ position: JournalPosition?) {
    lastNumber += 1
    pending.append(Pending(number: lastNumber, report: report, position: position))
  }

  /// The receiver has answered this report, which is the oldest: the cursor moves behind it, on disk when this returns. When the disk
  /// refuses, the cursor moves in memory; after a crash the receiver is told again what it was told since.
  func settled(_ number: UInt64, nextSequence: Int) {
    guard let first = pending.first, first.number == number else { return }
    pending.removeFirst()
    switch first.report {
    case .opened(let call):
      cursor.unsent.removeAll { $0.incident == call.incident }
      if call.event.code.hasRestore { cursor.open.append(call) }
    case .closed(let call): cursor.open.removeAll { $0.incident == call.incident }
    }
    if let position = first.position { cursor.position = position }
    renumbered(nextSequence)
  }

  func renumbered(_ next: Int) {
    cursor.nextSequence = next
    save()
  }

  /// What was read behind the last call need not be read again after a restart.
  private func saveProgress() {
    guard pending.isEmpty, readSinceSaved >= Self.saveEvery else { return }
    cursor.position = readThrough
    save()
  }

  private func save() {
    readSinceSaved = 0
    do throws(ReceiverError) { try file.save(cursor) } catch { log("\(error)") }
  }
}
