import DeviceKit
import DeviceVocabulary
import Foundation
import Journal
import Station
import StationLinkCodec
import StationRuntime
import Testing

@testable import StationLinkDriver
@testable import Uplink

/// Thirty days without a line at ten times the normal rate: a million entries on a real disk (a twentieth of them in the short run, the
/// whole with `LINLI_LONG=1`), then the line comes. In virtual time: what it costs of the line's time is reckoned, not waited for.
@Suite struct BacklogTests {
  static let total = ProcessInfo.processInfo.environment["LINLI_LONG"] == nil ? 50_000 : 1_000_000
  static let bitsPerSecond = 2_000_000

  @Test func thirtyDaysOfBacklogArriveOnceCallsFirst() throws {
    let journal = try LongJournal(entries: Self.total, callsPerThousand: 20)
    defer { journal.remove() }
    #expect(Double(try journal.bytes()) < 1e9 * Double(Self.total) / 1e6, "a million entries take at most 1 GB")
    var line = BacklogRig(journal, bitsPerSecond: Self.bitsPerSecond)
    try line.run()
    let parent = line.parent
    #expect(parent.count == Int(journal.end.position.sequence) && parent.head == journal.end && parent.ranges == 0)
    #expect(parent.again == 0 && parent.problems.isEmpty, "\(parent.problems.prefix(3))")
    #expect(parent.late == Self.total, "everything is marked as sent late")
    // Calls first: the time that the line takes for them, with what it takes for the pauses between batches.
    let callsTime = Interval.seconds(2 + journal.callBytes * 8 / Self.bitsPerSecond + journal.callSteps / 100 / 10)
    #expect(line.callsDone - line.began < callsTime, "\((line.callsDone - line.began).microseconds / 1000) ms")
    // While the journal is looked through for calls the line would stand idle.
    #expect(parent.othersBeforeCalls < Self.total / 20, "\(parent.othersBeforeCalls)")
    let wholeTime = Interval.seconds(10 + (journal.bodyBytes * 12 / 10) / 250_000) + callsTime
    #expect(line.done - line.began < wholeTime, "\((line.done - line.began).microseconds / 1000) ms")
    #expect(line.longestLiveCall < .seconds(2), "a live call is not delayed")
    #expect(line.mostHeld <= CallQueue.limit + 3 * JournalPages.pageLimit, "\(line.mostHeld) entries in memory")
  }

  /// More steps of calls than the sender holds: those that are not over go first all the same, and the order of each call is kept.
  @Test func moreCallsThanTheSenderHoldsArriveInOrder() throws {
    let journal = try LongJournal(entries: max(150_000, Self.total), callsPerThousand: 800)
    defer { journal.remove() }
    #expect(journal.callSteps > 2 * CallQueue.limit)
    var line = BacklogRig(journal, bitsPerSecond: 20_000_000)
    try line.run()
    let parent = line.parent
    #expect(
      parent.count == Int(journal.end.position.sequence) && parent.head == journal.end && parent.problems.isEmpty,
      "\(parent.problems.prefix(3))")
    // Those that went ahead before the rest goes in order are sent once more with it; the parent drops them.
    #expect(parent.again < 2 * LinkSender.aheadLimit, "\(parent.again)")
    // Of the first few steps the journal's order is order enough.
    #expect(journal.open.isSubset(of: parent.firstOpenings.prefix(journal.open.count + 64)), "open calls first")
    #expect(line.mostHeld <= CallQueue.limit + 3 * JournalPages.pageLimit, "\(line.mostHeld) entries in memory")
    #expect(line.longestLiveCall < .seconds(2))
  }

  /// What is told by a name alone is told the same by reading the whole entry.
  @Test func theQuickLookAtAnEntrySeesWhatTheWholeOneSays() throws {
    let coder = EntryCoder()
    let time = EntryTime(
      wallMilliseconds: 1_790_000_000_123, synchronised: true, boot: "7f\"change\":{\"x", monotonic: .zero + .seconds(7))
    var changes = LongJournal.samples
    changes += LongJournal.samples.map { change in
      let content = Entry(time: time, change: change)
      let position = JournalPosition(epoch: 1, sequence: 2)
      return .received(
        Received(
          child: "a", position: position, hash: .zero, before: .start, isLate: false, body: (try? coder.encode(content)) ?? [],
          content: content))
    }
    for change in changes {
      let body = try coder.encode(Entry(time: time, change: change))
      let isAboutCall =
        switch change {
        case .received(let received): received.content?.change.incident != nil || isProof(received.content?.change)
        default: change.incident != nil || isProof(change)
        }
      #expect(coder.mayBeStepOfCall(body) == isAboutCall, "\(change)")
      #expect(coder.time(of: body) == time, "\(change)")
    }
    #expect(coder.mayBeStepOfCall([1, 2, 3]) && coder.time(of: [1, 2, 3]) == nil)
  }

  private func isProof(_ change: Change?) -> Bool { if case .proofAsked? = change { true } else { false } }
}
