/// Follows the chain row by row and over the files' borders. The one place that knows what "follows" means.
struct ChainWalk {
  /// Nil: not known yet, the next row is taken as it is.
  private(set) var head: JournalHead?

  init(from head: JournalHead?) {
    self.head = head
  }

  /// The border to the next file: its anchor has to be the end of what was walked.
  mutating func enter(_ header: SegmentHeader, after gaps: [JournalGap]) -> JournalProblem? {
    defer { head = header.anchor }
    guard let head, head != header.anchor else { return nil }
    // A salvaged file before this one says itself that its end is lost.
    if gaps.contains(where: { $0.before == nil }) { return nil }
    return .anchorMismatch(expected: head.position, found: header.anchor.position)
  }

  mutating func accept(_ stored: StoredEntry, in segment: SegmentHeader, gaps: [JournalGap]) -> JournalProblem? {
    defer { head = stored.entry.head }
    guard stored.position.epoch == segment.epoch else { return .sequenceJump(expected: segment.first) }
    guard let head else { return nil }
    if gaps.contains(where: { $0.before == stored.position }) { return nil }
    let expected =
      head.position.epoch == segment.epoch && head.position >= segment.anchor.position
      ? JournalPosition(epoch: segment.epoch, sequence: head.position.sequence &+ 1) : segment.first
    guard stored.position == expected else { return .sequenceJump(expected: expected) }
    return stored.previous == head.hash ? nil : .chainBroken
  }

  /// After a row that cannot be used: the next one starts the walk anew.
  mutating func lose() { head = nil }
}
