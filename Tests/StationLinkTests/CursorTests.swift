import DeviceKit
import DeviceVocabulary
import Testing

/// What a parent has of a child's journal, whatever order it comes in.
@Suite struct CursorTests {
  private func head(_ sequence: UInt64, epoch: UInt32 = 1, branch: UInt8 = 0) -> JournalHead {
    guard sequence > 0 else { return .start }
    var bytes = [UInt8](repeating: branch, count: 32)
    bytes[0] = UInt8(truncatingIfNeeded: sequence)
    bytes[1] = UInt8(truncatingIfNeeded: epoch)
    return JournalHead(position: JournalPosition(epoch: epoch, sequence: sequence), hash: EntryHash(bytes) ?? .zero)
  }

  private func link(_ sequence: UInt64) -> LinkCursor.Link { .init(entry: head(sequence), before: head(sequence - 1)) }

  @Test func anyOrderEndsInOneContiguousHead() {
    for seed in UInt64(1)...200 {
      var random = SeededRandom(seed: seed)
      var order = Array(UInt64(1)...40)
      for index in order.indices.reversed() { order.swapAt(index, Int(random.below(UInt32(index + 1)))) }
      var cursor = LinkCursor()
      var seen: Set<UInt64> = []
      for sequence in order {
        #expect(cursor.take(link(sequence)) == .new)
        #expect(cursor.take(link(sequence)) == .known)
        seen.insert(sequence)
        for probe in UInt64(1)...40 { #expect(cursor.knows(head(probe).position) == seen.contains(probe)) }
        let covered = cursor.receipt(for: seen.map { head($0).position })
        #expect((1...40).allSatisfy { covered.covers(head($0).position) == seen.contains($0) })
      }
      #expect(cursor.head == head(40) && cursor.ranges.isEmpty)
    }
  }

  @Test func aNewEpochFollowsItsAnchor() {
    var cursor = LinkCursor()
    let first = LinkCursor.Link(entry: head(1, epoch: 2), before: head(3))
    #expect(cursor.take(first) == .new)
    for sequence in UInt64(1)...3 { #expect(cursor.take(link(sequence)) == .new) }
    #expect(cursor.head == head(1, epoch: 2))
  }

  @Test func aChildThatWasSetBackBranchesAndBothAreKept() {
    var cursor = LinkCursor()
    for sequence in UInt64(1)...5 { _ = cursor.take(link(sequence)) }
    #expect(cursor.take(.init(entry: head(1, epoch: 2), before: head(3))) == .branched)
    #expect(cursor.head == head(1, epoch: 2))
    #expect(cursor.take(.init(entry: head(2, epoch: 2), before: head(1, epoch: 2))) == .new)
  }

  @Test func anotherHashBeforeTheNextEntryIsABranch() {
    var cursor = LinkCursor()
    for sequence in UInt64(1)...5 { _ = cursor.take(link(sequence)) }
    #expect(cursor.take(.init(entry: head(6), before: head(5, branch: 9))) == .branched)
  }

  /// What two cursors know of one journal, in one: the first knows its beginning, the second what overtook.
  @Test(arguments: 1...50) func twoCursorsOfOneJournalAreOne(_ seed: UInt64) {
    var random = SeededRandom(seed: seed)
    var first = LinkCursor()
    let begun = UInt64(random.below(20))
    if begun > 0 { for sequence in 1...begun { _ = first.take(link(sequence)) } }
    var second = LinkCursor()
    var known = Set(1...max(1, begun)).subtracting(begun == 0 ? [1] : [])
    for sequence in (begun + 1)...(begun + 20) where random.below(2) == 0 {
      _ = second.take(link(sequence))
      known.insert(sequence)
    }
    first.add(second)
    for probe in 1...(begun + 20) { #expect(first.knows(head(probe).position) == known.contains(probe), "\(probe)") }
    for sequence in 1...(begun + 20) { _ = first.take(link(sequence)) }
    #expect(first.head == head(begun + 20) && first.ranges.isEmpty)
  }

  @Test func nonsenseChangesNothing() {
    var cursor = LinkCursor()
    #expect(cursor.take(.init(entry: head(3), before: head(3))) == .impossible)
    #expect(cursor.take(.init(entry: head(3), before: head(4))) == .impossible)
    #expect(cursor.take(.init(entry: .start, before: .start)) == .impossible)
    #expect(cursor == LinkCursor())
  }

  @Test func tooManyRangesAreRefusedAndAnOrderlyRestStillCloses() {
    var cursor = LinkCursor()
    let limit = UInt64(LinkCursor.rangeLimit)
    for index in 1...limit { #expect(cursor.take(link(index * 2)) == .new) }
    #expect(cursor.take(link(limit * 2 + 2)) == .scattered)
    #expect(cursor.take(link(1)) == .new)
    #expect(cursor.head == head(2))
  }
}
