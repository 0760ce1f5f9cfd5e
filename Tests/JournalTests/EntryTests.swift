import Testing

@testable import Journal

@Suite struct EntryTests {
  @Test func theLinkIsWhatTheReadmeSays() throws {
    // Independently: printf '%064d' 0 | xxd -r -p; printf '\x00\x00\x00\x01'; printf '\0\0\0\0\0\0\0\x01'; printf 'abc' | sha256sum
    let hash = EntryHash.chained(after: .zero, at: JournalPosition(epoch: 1, sequence: 1), body: Array("abc".utf8))
    #expect(hash.description == "e4a2134ccf80e5bb796260e62154a8bbdd3e5cbbcc571c9ddfcd4200f512fa16")
    #expect(EntryHash([UInt8](repeating: 0, count: 31)) == nil)
  }

  @Test func positionsOrderByEpochFirstAndSurviveTheirKey() {
    let positions = [(1, 1), (1, 2), (1, JournalPosition.maximumSequence), (2, 1), (UInt32.max, JournalPosition.maximumSequence)]
      .map { JournalPosition(epoch: $0.0, sequence: $0.1) }
    #expect(positions == positions.sorted())
    #expect(positions.map(\.key) == positions.map(\.key).sorted())
    #expect(positions.map { JournalPosition(key: $0.key) } == positions)
    #expect(JournalPosition(key: -1) == nil)
  }

  @Test func aNewEpochCountsFromOneAndKeepsTheChain() {
    let first = JournalHead.start.followed(by: [1], inEpoch: 7)
    let second = first.head.followed(by: [2])
    let third = second.head.followed(by: [3], inEpoch: 9)
    #expect([first, second, third].map { "\($0.position)" } == ["7/1", "7/2", "9/1"])
    #expect(third.hash == EntryHash.chained(after: second.hash, at: third.position, body: [3]))
  }

  @Test func headersAreSealed() throws {
    let month = try #require(JournalFixture.november)
    let head = JournalHead.start.followed(by: [1], inEpoch: 3).head
    let header = SegmentHeader(name: SegmentName(month: month, number: 12), epoch: 4, anchor: head, cause: .fileEnded)
    let read = try #require(SegmentHeader(encoded: header.encoded))
    #expect(read.name == header.name && read.epoch == 4 && read.anchor == head && read.cause == .fileEnded)
    for index in header.encoded.indices {
      var altered = header.encoded
      altered[index] ^= 1
      #expect(SegmentHeader(encoded: altered) == nil)
    }
  }

  @Test func segmentNamesAreReadStrictly() throws {
    let name = try #require(SegmentName(file: "journal-2026-11-0007.sqlite"))
    #expect(name.number == 7 && name.month == JournalFixture.november)
    #expect(SegmentName(file: "journal-2026-11-12345.sqlite")?.number == 12345)
    for wrong in [
      "journal-2026-11-7.sqlite", "journal-2026-13-0007.sqlite", "journal-2026-11-0007.sqlite-wal",
      "journal-2026-11-0007.sqlite.new",
      "journal-2026-11--0007.sqlite", "x-2026-11-0007.sqlite", "journal.ballast", "",
    ] {
      #expect(SegmentName(file: wrong) == nil, "\(wrong)")
    }
  }
}
