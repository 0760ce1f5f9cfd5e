import DeviceVocabulary
import Foundation
import Journal
import Station
import StationLinkDriver
import StationRuntime
import Testing

@testable import Uplink

/// A child whose journal is not what its parent says.
@Suite(.serialized) struct WelcomeTests {
  private func receipt(_ text: String) -> LinkReceipt {
    LinkReceipt(contiguous: JournalHead(position: JournalPosition(text) ?? .start, hash: .zero), ranges: [])
  }

  /// Each would end the epochs of this station, or deliver every call by the greeting alone.
  @Test(arguments: ["4294967294/1", "4294967295/2", "4000000000/0", "1/0"])
  func aWelcomeThatCannotBeIsRefusedAndNothingComesOfIt(_ text: String) async throws {
    let rig = try LinkRig()
    rig.greet(with: receipt(text))
    let child = try rig.startChild()
    try await rig.waitUntil("the path is refused") { child.paths.first?.state == .refused }
    #expect(child.news == [] && child.paths[0].reason.contains("不合理") && rig.bodies.isEmpty)
    #expect(try JournalReader(folder: rig.folder + "/journal").segments().count == 1)
  }

  /// The path opens only once the journal has begun anew, and it is asked for once.
  @Test func aParentThatHasMoreIsTakenUpOnceTheJournalHasBegunAnew() async throws {
    let rig = try LinkRig()
    rig.greet(with: receipt("1/9"))
    let child = try rig.startChild()
    try await rig.waitUntil("the station is told") { !child.news.isEmpty }
    #expect(child.news == [.parentContradicts(epoch: 1, detail: "1/9")])
    try await rig.waitUntil("it is said why the path waits") { child.paths.first?.reason.contains("另起一段") ?? false }
    #expect(!child.isUp && rig.bodies.isEmpty)
    try child.journal.beginEpoch(above: 1)
    let entry = Entry(
      time: EntryTime(wallMilliseconds: 0, synchronised: false, boot: "b", monotonic: .zero), change: .branched(open: []))
    _ = try child.journal.append([try EntryCoder().encode(entry)], urgent: true)
    try await rig.waitUntil("the path opens") { child.isUp }
    try await rig.waitUntil("both entries are there") { rig.bodies.count == 2 }
    #expect(child.news.count { if case .parentContradicts = $0 { true } else { false } } <= 2)
  }

  @Test func whatIsReadBehindAPositionThatIsNotHereFollowsWhatIs() throws {
    let folder = "\(FileManager.default.temporaryDirectory.path)/linli-pages-\(UUID().uuidString.prefix(8))"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let journal = try SQLiteJournal(folder: folder, month: JournalMonth(year: 2026, month: 11))
    var heads = try journal.append((1...3).map { [UInt8($0)] }, urgent: true).map(\.head)
    try journal.beginEpoch(above: 4)
    heads += try journal.append((4...5).map { [UInt8($0)] }, urgent: true).map(\.head)
    let pages = JournalPages(folder: folder)
    for (text, before) in [
      ("0/0", JournalHead.start), ("1/2", heads[1]), ("1/9", heads[2]), ("4/7", heads[2]), ("5/0", heads[2]),
    ] {
      let page = try pages.page(after: #require(JournalPosition(text)))
      #expect(page.first?.before == before, "\(text)")
      for (first, second) in zip(page, page.dropFirst()) { #expect(second.before == first.entry.head) }
    }
    #expect(try pages.page(after: JournalPosition(epoch: 9, sequence: 1)).isEmpty)
    let check = try pages.check { $0 }
    #expect(try check.hash(heads[3].position) == heads[3].hash && check.hash(#require(JournalPosition("1/9"))) == nil)
    #expect(try check.newest(#require(JournalPosition("5/9"))) == heads[4] && check.epochLimit == 5 && check.branch == nil)
    journal.close()
  }
}
