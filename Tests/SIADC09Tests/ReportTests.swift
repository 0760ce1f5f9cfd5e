import DeviceKit
import DeviceVocabulary
import Foundation
import Journal
import SIADC09Codec
import Station
import Testing

@testable import AlarmReceivers
@testable import StationRuntime

@Suite struct ReportTests {
  static let plan = AlarmReceiverPlan(
    host: "h", port: 1, transport: .tcp, format: .contactID, account: "1234", receiver: nil, line: "0", group: 1, keyFile: nil,
    supervisionSeconds: 60, silentAfterSeconds: 30, timestamps: true, timeOfOccurrence: false, plainAcknowledgements: false,
    zones: [.init(place: "hall", zone: 5, code: .panic), .init(place: "toilet", zone: 6, code: .medical)])

  static func entry(_ change: Change, at milliseconds: Int64 = 1_768_480_496_000) -> Entry {
    Entry(
      time: EntryTime(wallMilliseconds: milliseconds, synchronised: true, boot: "b", monotonic: .zero), change: change)
  }

  static func opened(_ id: IncidentID, _ place: String = "hall", mark: Mark = .real, silent: Bool = false) -> Entry {
    entry(
      .opened(
        id,
        Opening(
          button: ButtonID(device: DeviceID(bus: "A", node: 1), button: 1), place: place, mark: mark, kind: .press, identity: nil,
          ageMilliseconds: 2000, silent: silent, bypassed: false)))
  }

  @Test func onlyCallsAndTheirEndsAreReported() {
    var reports = CallReports(plan: Self.plan)
    func event(_ entry: Entry) -> String? { reports.read(entry)?.call.event.contactID(account: "1") }
    #expect(event(Self.opened(1)) == "#1|1120 01 005")
    #expect(event(Self.opened(2, "toilet")) == "#1|1100 01 006")
    #expect(event(Self.opened(3, silent: true)) == "#1|1121 01 005")
    #expect(event(Self.opened(4, "elsewhere")) == "#1|1120 01 000")
    #expect(event(Self.opened(5, mark: .test)) == "#1|1601 01 005")
    #expect(event(Self.opened(6, "toilet", mark: .drill)) == "#1|1601 01 006")
    for quiet: Change in [
      .pressedAgain(1, ButtonID(device: DeviceID(bus: "A", node: 1), button: 1), identity: nil),
      .acknowledged(1, post: "desk", formerOwner: nil), .onScene(1, post: "desk"), .resolved(1, post: "desk", note: ""),
      .started(program: ""), .closed(5, post: "desk"), .closed(6, post: "desk"), .closed(77, post: "desk"),
    ] { #expect(event(Self.entry(quiet)) == nil, "\(quiet)") }
    #expect(event(Self.entry(.closed(2, post: "desk"))) == "#1|3100 01 006")
    #expect(event(Self.entry(.falseAlarm(3, post: "desk", note: ""))) == "#1|3121 01 005")
    #expect(event(Self.entry(.closed(3, post: "desk"))) == nil)
    #expect(reports.open.map(\.incident) == [1, 4] && reports.open[0].occurred == 1_768_480_494)
  }

  /// A journal of a station, written by hand.
  private func journal(_ folder: String, _ entries: [Entry]) throws -> SQLiteJournal {
    let journal = try SQLiteJournal(folder: folder, month: JournalMonth(year: 2026, month: 1))
    try write(entries, journal)
    return journal
  }

  private func write(_ entries: [Entry], _ journal: SQLiteJournal) throws {
    let coder = EntryCoder()
    _ = try journal.append(try entries.map { try coder.encode($0) }, urgent: true)
  }

  private func withFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("linli-receiver-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  private func next(_ feed: JournalFeed, given: Int = 0) -> [(number: UInt64, text: String)] {
    feed.next(100, alreadyGiven: given).map { ($0.number, $0.event.contactID(account: "1")) }
  }

  @Test func theFeedGoesOnWhereTheReceiverHasAccepted() throws {
    try withFolder { folder in
      var feed = JournalFeed(folder: folder, plan: Self.plan, log: { Issue.record("\($0)") })
      let journal = try journal(folder, [Self.entry(.started(program: "t")), Self.opened(1), Self.opened(2, "toilet")])
      var waiting = next(feed)
      #expect(waiting.map(\.text) == ["#1|1120 01 005", "#1|1100 01 006"] && feed.waiting == 2)
      #expect(next(feed, given: 2).isEmpty)
      feed.settled(waiting[0].number, nextSequence: 2)
      // As after a kill: nothing but what is on disk.
      feed = JournalFeed(folder: folder, plan: Self.plan, log: { Issue.record("\($0)") })
      #expect(feed.cursor.nextSequence == 2 && feed.cursor.open.map(\.incident) == [1])
      try write([Self.entry(.closed(1, post: "desk")), Self.entry(.closed(2, post: "desk"))], journal)
      waiting = next(feed)
      #expect(waiting.map(\.text) == ["#1|1100 01 006", "#1|3120 01 005", "#1|3100 01 006"])
      for (index, report) in waiting.enumerated() { feed.settled(report.number, nextSequence: 3 + index) }
      feed = JournalFeed(folder: folder, plan: Self.plan, log: { Issue.record("\($0)") })
      #expect(next(feed).isEmpty && feed.cursor.open.isEmpty && feed.cursor.nextSequence == 5)
    }
  }

  @Test func withoutACursorOpenCallsAreToldAndClosedOnesAreNot() throws {
    try withFolder { folder in
      let journal = try journal(
        folder, [Self.opened(1), Self.opened(2, "toilet"), Self.entry(.closed(1, post: "desk")), Self.opened(3, mark: .drill)])
      let quiet: (String) -> Void = { _ in }
      var feed = JournalFeed(folder: folder, plan: Self.plan, log: quiet)
      let isNew = ReceiverCursorFile(folder: folder).load()?.isNew
      #expect(isNew == true, "placed at once, searched later")
      #expect(next(feed).map(\.text) == ["#1|1100 01 006"])
      // Killed before it was accepted, and killed after.
      feed = JournalFeed(folder: folder, plan: Self.plan, log: quiet)
      let waiting = next(feed)
      #expect(waiting.map(\.text) == ["#1|1100 01 006"])
      feed.settled(waiting[0].number, nextSequence: 2)
      feed = JournalFeed(folder: folder, plan: Self.plan, log: quiet)
      #expect(next(feed).isEmpty)
      try write([Self.entry(.closed(2, post: "desk"))], journal)
      #expect(next(feed).map(\.text) == ["#1|3100 01 006"])
      // A damaged cursor is as none.
      try "{\"epoch\": 1".write(toFile: "\(folder)/\(ReceiverCursorFile.name)", atomically: true, encoding: .utf8)
      feed = JournalFeed(folder: folder, plan: Self.plan, log: quiet)
      #expect(next(feed).isEmpty, "no call is open")
    }
  }

  /// The end is fixed when the feed is made: what is written before it looks is sent as well, once.
  @Test func whatComesBetweenTheStartAndTheFirstLookIsTold() throws {
    try withFolder { folder in
      let journal = try journal(folder, [Self.opened(1), Self.opened(2), Self.entry(.closed(2, post: "desk"))])
      let feed = JournalFeed(folder: folder, plan: Self.plan, log: { Issue.record("\($0)") })
      try write([Self.entry(.closed(1, post: "desk")), Self.opened(3, "toilet")], journal)
      #expect(next(feed).map(\.text) == ["#1|1120 01 005", "#1|3120 01 005", "#1|1100 01 006"])
    }
  }

  /// The station must come up whatever its journal is like; the receiver is told of open calls when the journal can be read again.
  @Test func aJournalThatCannotBeReadYetIsTakenUpLater() throws {
    try withFolder { folder in
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      _ = try journal("\(folder)/made", [Self.opened(1)])
      let names = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/made")
      let name = try #require(names.first { $0.contains("2026") && !$0.contains("wal") && !$0.contains("shm") }, "\(names)")
      try Data("no journal at all".utf8).write(to: URL(filePath: "\(folder)/\(name)"))
      var told: [String] = []
      let feed = JournalFeed(folder: folder, plan: Self.plan, log: { told.append($0) })
      #expect(next(feed).isEmpty)
      try FileManager.default.removeItem(atPath: "\(folder)/\(name)")
      _ = try journal(folder, [Self.opened(7)])
      #expect(next(feed).map(\.text) == ["#1|1120 01 005"], "\(told)")
    }
  }

  @Test func manyEntriesWithoutACallMoveTheCursor() throws {
    try withFolder { folder in
      let feed = JournalFeed(folder: folder, plan: Self.plan, log: { Issue.record("\($0)") })
      let journal = try journal(folder, [])
      for _ in 0..<5 {
        try write(
          (0..<500).map { _ in Self.entry(.testExpired(ButtonID(device: DeviceID(bus: "A", node: 1), button: 1))) }, journal)
      }
      for _ in 0..<3 { #expect(next(feed).isEmpty) }
      let saved = try #require(ReceiverCursorFile(folder: folder).load())
      #expect(saved.sequence >= 2000)
    }
  }

  @Test func keysAreReadFromTheirFileAndFromNothingElse() throws {
    try withFolder { folder in
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      let path = "\(folder)/key"
      func write(_ text: String, mode: Int = 0o600) throws {
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
      }
      for (text, name) in [
        ("000102030405060708090A0B0C0D0E0F\n", "AES-128"), (String(repeating: "aB", count: 24), "AES-192"),
        ("text:AAAAAAAAAAAAAAAA", "AES-128"), ("text:\(String(repeating: "b", count: 32))\n", "AES-256"),
      ] {
        try write(text)
        #expect("\(try KeyFile.cipher(path))" == name)
      }
      for text in ["", "text:short", "000102", "geheim geheim ge", "text:求求求求求1", String(repeating: "0", count: 400)] {
        try write(text)
        #expect(throws: ReceiverError.self) { try KeyFile.cipher(path) }
        do { _ = try KeyFile.cipher(path) } catch { #expect(!"\(error)".contains("geheim")) }
      }
      try write("000102030405060708090A0B0C0D0E0F", mode: 0o644)
      #expect(throws: ReceiverError.self) { try KeyFile.cipher(path) }
      #expect(throws: ReceiverError.self) { try KeyFile.cipher("\(folder)/none") }
      #expect(throws: ReceiverError.self) { try KeyFile.cipher(folder) }
    }
  }
}
