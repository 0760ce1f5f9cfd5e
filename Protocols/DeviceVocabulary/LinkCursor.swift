/// What a parent has of one child's journal: everything up to `head`, and ranges above it.
///
/// Entries form a list, each naming the one before it, so what is contiguous needs no rule about epochs or about the gaps that a salvaged
/// journal has: an entry whose predecessor is the head is the next one.
public struct LinkCursor: Sendable, Equatable, Codable {
  public private(set) var head: JournalHead
  /// Above the head, in order, none touching another.
  public private(set) var ranges: [Range]

  /// Steps of calls that overtook a backlog of 30 days at ten times the normal rate are some ten thousands of ranges. More are refused; a
  /// child sends the rest in order before it comes to that.
  public static let rangeLimit = 60_000

  public struct Range: Sendable, Equatable, Codable {
    public var first: JournalPosition
    /// The entry before the first one.
    public var before: JournalHead
    public var last: JournalHead

    public func holds(_ position: JournalPosition) -> Bool { first <= position && position <= last.position }
  }

  /// One entry as far as a cursor cares.
  public struct Link: Sendable, Equatable {
    public var entry: JournalHead
    public var before: JournalHead

    public init(entry: JournalHead, before: JournalHead) {
      self.entry = entry
      self.before = before
    }
  }

  public enum Verdict: Sendable, Equatable {
    case new
    /// New, but the child's chain does not go on where it ended here: the child was restored, or its disk was tampered with.
    case branched
    /// Its position is here already.
    case known
    /// Too many ranges: send in order.
    case scattered
    /// An entry cannot follow itself or a later one.
    case impossible
  }

  public init(head: JournalHead = .start) {
    self.head = head
    ranges = []
  }

  public func knows(_ position: JournalPosition) -> Bool {
    position <= head.position || range(holding: position) != nil
  }

  /// What taking an entry would answer; changes and copies nothing.
  public func verdict(on link: Link) -> Verdict {
    let position = link.entry.position
    guard link.before.position < position, position.sequence > 0 else { return .impossible }
    if knows(position) { return .known }
    // A predecessor below the head is where the child was set back to, and what came after it here is of another branch.
    if link.before.position <= head.position { return link.before == head && goesOn(from: link.entry) ? .new : .branched }
    let place = firstRange(above: position)
    if joinsLower(link, place) || joinsUpper(link, place) { return followsBranch(link, place) ? .branched : .new }
    if followsBranch(link, place) { return .branched }
    return ranges.count < Self.rangeLimit ? .new : .scattered
  }

  /// Takes one entry; only `.new` and `.branched` change anything.
  public mutating func take(_ link: Link) -> Verdict {
    let verdict = verdict(on: link)
    guard verdict == .new || verdict == .branched else { return verdict }
    if link.before.position <= head.position {
      head = link.entry
      absorb()
    } else {
      insert(link)
    }
    return verdict
  }

  /// The child has nothing up to `head` any more: what is contiguous begins there. Of a journal that was here from its beginning, but not
  /// as far as that, nothing is kept: what stands above belongs to a copy that was lost.
  public mutating func begin(after head: JournalHead) {
    if self.head != .start { ranges = [] }
    self.head = head
    absorb()
  }

  /// Takes over what another cursor of the same journal has above its own start.
  public mutating func add(_ other: LinkCursor) {
    let whole = other.head == .start ? [] : [Range(first: other.head.position, before: .start, last: other.head)]
    for range in whole + other.ranges {
      if range.before.position <= head.position {
        if range.last.position > head.position { head = range.last }
        absorb()
      } else if !knows(range.first), !knows(range.last.position), ranges.count < Self.rangeLimit {
        ranges.insert(range, at: firstRange(above: range.first))
      }
    }
  }

  /// Whether the ranges that an entry reaches follow it, and not another entry of its number.
  private func goesOn(from entry: JournalHead) -> Bool {
    var end = entry
    for range in ranges {
      guard range.before.position <= end.position else { return true }
      guard range.before == end else { return false }
      if range.last.position > end.position { end = range.last }
    }
    return true
  }

  /// Ranges that begin where the head now ends become part of what is contiguous.
  private mutating func absorb() {
    var count = 0
    while count < ranges.count, ranges[count].before.position <= head.position {
      if ranges[count].last.position > head.position { head = ranges[count].last }
      count += 1
    }
    ranges.removeFirst(count)
  }

  private func joinsLower(_ link: Link, _ place: Int) -> Bool { place > 0 && ranges[place - 1].last == link.before }
  private func joinsUpper(_ link: Link, _ place: Int) -> Bool { place < ranges.count && ranges[place].before == link.entry }

  /// The chain of the range below does not go on in itself.
  private func followsBranch(_ link: Link, _ place: Int) -> Bool {
    place > 0 && !joinsLower(link, place) && link.before.position <= ranges[place - 1].last.position
  }

  private mutating func insert(_ link: Link) {
    let place = firstRange(above: link.entry.position)
    if followsBranch(link, place) { return branch(below: place, link) }
    switch (joinsLower(link, place), joinsUpper(link, place)) {
    case (true, true):
      ranges[place - 1].last = ranges[place].last
      ranges.remove(at: place)
    case (true, false): ranges[place - 1].last = link.entry
    case (false, true):
      ranges[place].first = link.entry.position
      ranges[place].before = link.before
    case (false, false): ranges.insert(Range(first: link.entry.position, before: link.before, last: link.entry), at: place)
    }
  }

  /// What goes on from before the end of the ranges below it is of another branch than they are. All are kept, as one range, which waits
  /// for what the new entry follows: what the others follow may never come.
  private mutating func branch(below place: Int, _ link: Link) {
    var low = place - 1
    while low > 0, link.before.position <= ranges[low - 1].last.position { low -= 1 }
    if link.before.position < ranges[low].before.position { ranges[low].before = link.before }
    ranges[low].last = link.entry
    ranges.removeSubrange((low + 1)..<place)
    if low + 1 < ranges.count, ranges[low + 1].before.position <= link.entry.position {
      ranges[low].last = ranges[low + 1].last
      ranges.remove(at: low + 1)
    }
  }

  /// The index of the first range that begins above `position`.
  private func firstRange(above position: JournalPosition) -> Int { ranges.partitioningIndex { $0.first > position } }

  private func range(holding position: JournalPosition) -> Range? {
    let place = firstRange(above: position)
    guard place > 0, ranges[place - 1].holds(position) else { return nil }
    return ranges[place - 1]
  }
}

/// What a parent answers: it is on the parent's disk, and only this counts as delivered.
public struct LinkReceipt: Sendable, Equatable, Codable {
  /// The highest entry below which nothing is missing.
  public var contiguous: JournalHead
  /// Above it: what of the entries just sent is there, at most as many as were sent; at a welcome the first ones and always the last one,
  /// `rangeLimit` at most.
  public var ranges: [Range]

  public static let rangeLimit = 500

  public struct Range: Sendable, Equatable, Codable {
    public var first: JournalPosition
    public var last: JournalPosition
    /// Of the last one.
    public var hash: EntryHash

    public init(first: JournalPosition, last: JournalHead) {
      self.first = first
      self.last = last.position
      hash = last.hash
    }

    public var head: JournalHead { JournalHead(position: last, hash: hash) }
  }

  public init(contiguous: JournalHead, ranges: [Range]) {
    self.contiguous = contiguous
    self.ranges = ranges
  }

  public func covers(_ position: JournalPosition) -> Bool {
    position <= contiguous.position || ranges.contains { $0.first <= position && position <= $0.last }
  }
}

extension LinkCursor {
  /// The receipt for entries that were just sent.
  public func receipt(for positions: [JournalPosition]) -> LinkReceipt {
    var found: [LinkReceipt.Range] = []
    for position in positions.sorted() where position > head.position {
      if let last = found.last, last.first <= position, position <= last.last { continue }
      if let range = range(holding: position) { found.append(.init(first: range.first, last: range.last)) }
    }
    return LinkReceipt(contiguous: head, ranges: Array(found.prefix(LinkReceipt.rangeLimit)))
  }

  /// What a child that has just connected needs to know. The last range tells it whether its journal is still the one that this came from.
  public var welcome: LinkReceipt {
    let told = ranges.count > LinkReceipt.rangeLimit ? ranges.prefix(LinkReceipt.rangeLimit - 1) + ranges.suffix(1) : ranges[...]
    return LinkReceipt(contiguous: head, ranges: told.map { .init(first: $0.first, last: $0.last) })
  }
}
