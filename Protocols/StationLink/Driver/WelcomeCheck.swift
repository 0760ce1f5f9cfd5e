import DeviceVocabulary

/// A parent's welcome, held against the child's own journal.
///
/// A disk image that was put back makes the two differ: under the same number the parent has another entry, or one that is not here any
/// more. Then nothing that the parent says of those numbers is about what stands here, and no call may count as delivered by it. A journal
/// goes back only while its program is stopped, so it is enough to look at every welcome.
public struct WelcomeCheck {
  /// What stands at a position in the own journal; `nil`: nothing does.
  public var hash: (JournalPosition) throws -> EntryHash?
  /// The newest entry at or before a position, or the end of what was dropped.
  public var newest: (JournalPosition) throws -> JournalHead
  /// The end of what was dropped; `nil`: nothing was.
  public var oldest: JournalHead?
  /// Where the own journal last began anew because the parent had other entries; `nil`: never.
  public var branch: LinkBranch?
  /// No journal of this station can have begun a higher epoch.
  public var epochLimit: UInt32

  /// What a parent tells apart: so many entries are sent again, for it to see the fork.
  public static let sentAgain: UInt64 = 60

  public init(
    hash: @escaping (JournalPosition) throws -> EntryHash?, newest: @escaping (JournalPosition) throws -> JournalHead,
    oldest: JournalHead?, branch: LinkBranch?, epochLimit: UInt32
  ) {
    self.hash = hash
    self.newest = newest
    self.oldest = oldest
    self.branch = branch
    self.epochLimit = epochLimit
  }

  public enum Verdict: Equatable {
    /// What is to be taken for the receipt: the parent's own, or, while its journal and this one differ, only from where to send.
    case good(LinkReceipt)
    /// The parent has other entries up to there, and this journal has not begun anew above them yet: nothing may be sent before it has.
    case contradicts(JournalPosition)
    /// No parent of this station can have that.
    case nonsense
  }

  public func verdict(on receipt: LinkReceipt) throws -> Verdict {
    guard receipt.isWellFormed, receipt.highest.epoch <= epochLimit else { return .nonsense }
    let isContiguousOurs = try isOurs(receipt.contiguous)
    let lastRange = receipt.ranges.last?.head
    let isLastOurs = try lastRange.map { try isOurs($0) } ?? true
    if isContiguousOurs && isLastOurs { return .good(receipt) }
    let contradicted = isLastOurs ? receipt.contiguous.position : receipt.highest
    guard let branch, contradicted < branch.begins else { return .contradicts(contradicted) }
    return .good(
      LinkReceipt(contiguous: isContiguousOurs ? receipt.contiguous : try sendingAgain(before: receipt.contiguous), ranges: []))
  }

  private func isOurs(_ head: JournalHead) throws -> Bool {
    // What was dropped here can be compared with nothing.
    if head.position.sequence == 0 || oldest.map({ head.position < $0.position }) ?? false { return true }
    return try hash(head.position) == head.hash
  }

  private func sendingAgain(before head: JournalHead) throws -> JournalHead {
    let end = try newest(head.position).position
    return try newest(JournalPosition(epoch: end.epoch, sequence: end.sequence - min(end.sequence, Self.sentAgain)))
  }
}

/// Where a journal goes on under a new epoch because the parent had other entries under the numbers before.
public struct LinkBranch: Sendable, Equatable {
  /// Up to there the parent may have other entries: its receipts say nothing of those that stand here.
  public var floor: JournalPosition
  /// The first entry of the new epoch.
  public var begins: JournalPosition

  public init(floor: JournalPosition, begins: JournalPosition) {
    self.floor = floor
    self.begins = begins
  }
}

extension LinkReceipt {
  /// The newest entry that it tells of.
  public var highest: JournalPosition { ranges.reduce(contiguous.position) { max($0, $1.last) } }

  /// Positions that can be: sequence 0 only at the very start, ranges that end behind where they begin.
  public var isWellFormed: Bool {
    (contiguous.position.sequence > 0 || contiguous.position == .start)
      && ranges.allSatisfy { $0.first.sequence > 0 && $0.first <= $0.last && $0.last.sequence > 0 }
  }
}
