/// A segment file's name: `journal-2026-11-0007.sqlite`. The number runs on over all months.
struct SegmentName: Hashable, Comparable, CustomStringConvertible {
  var month: JournalMonth
  var number: UInt32

  init(month: JournalMonth, number: UInt32) {
    self.month = month
    self.number = number
  }

  /// Nil when the file is none of ours.
  init?(file: String) {
    let parts = file.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 4, parts[0] == "journal", parts[3].hasSuffix(".sqlite"),
      let year = Int(parts[1]), let month = Int(parts[2]), let wall = JournalMonth(year: year, month: month),
      let number = UInt32(parts[3].dropLast(7))
    else { return nil }
    self.init(month: wall, number: number)
    guard description == file else { return nil }
  }

  static func < (left: Self, right: Self) -> Bool { left.number < right.number }

  var description: String {
    let digits = String(number)
    return "journal-\(month)-\(String(repeating: "0", count: max(0, 4 - digits.count)))\(digits).sqlite"
  }
}

/// Why a segment was begun; shown to the technician, no rule depends on it.
public enum SegmentCause: UInt8, Sendable, CaseIterable {
  case firstOfAll = 1
  case month = 2
  case fileEnded = 3
  case salvage = 4
  case restored = 5
  case sequenceFull = 6
}

/// The first record of a segment: it ties the file to the one before, and stays when that one is dropped.
struct SegmentHeader {
  static let formatVersion = 1

  var name: SegmentName
  /// All entries of a segment have this epoch.
  var epoch: UInt32
  var anchor: JournalHead
  var cause: SegmentCause

  /// The position of the first entry: right behind the anchor, or 1 in a new epoch.
  var first: JournalPosition {
    JournalPosition(epoch: epoch, sequence: epoch == anchor.position.epoch ? anchor.position.sequence &+ 1 : 1)
  }

  /// How many entries the epoch can still take behind `last`.
  func room(after last: JournalPosition) -> UInt64 {
    JournalPosition.maximumSequence - min(JournalPosition.maximumSequence, last.epoch == epoch ? last.sequence : 0)
  }

  /// What is stored: the fields in a fixed order, and SHA-256 over them so that an altered header is known as such.
  var encoded: [UInt8] {
    var bytes: [UInt8] = [UInt8(Self.formatVersion), cause.rawValue]
    bytes.append(bigEndian: UInt32(name.month.year))
    bytes.append(bigEndian: UInt32(name.month.month))
    bytes.append(bigEndian: name.number)
    bytes.append(bigEndian: epoch)
    bytes.append(bigEndian: anchor.position.epoch)
    bytes.append(bigEndian: UInt64(anchor.position.sequence))
    bytes += anchor.hash.bytes
    return bytes + EntryHash.of(bytes).bytes
  }

  init(name: SegmentName, epoch: UInt32, anchor: JournalHead, cause: SegmentCause) {
    self.name = name
    self.epoch = epoch
    self.anchor = anchor
    self.cause = cause
  }

  /// Nil when altered.
  init?(encoded bytes: [UInt8]) {
    guard bytes.count == 2 + 5 * 4 + 8 + 32 + 32, EntryHash.of(Array(bytes.dropLast(32))).bytes == Array(bytes.suffix(32)),
      let cause = SegmentCause(rawValue: bytes[1]),
      let month = JournalMonth(year: Int(bytes.word(at: 2)), month: Int(bytes.word(at: 6))),
      let hash = EntryHash(bytes[30..<62])
    else { return nil }
    let sequence = UInt64(bytes.word(at: 22)) << 32 | UInt64(bytes.word(at: 26))
    self.init(
      name: SegmentName(month: month, number: bytes.word(at: 10)), epoch: bytes.word(at: 14),
      anchor: JournalHead(position: JournalPosition(epoch: bytes.word(at: 18), sequence: sequence), hash: hash), cause: cause)
  }
}

extension [UInt8] {
  mutating func append<Number: FixedWidthInteger>(bigEndian number: Number) {
    Swift.withUnsafeBytes(of: number.bigEndian) { append(contentsOf: $0) }
  }

  /// Four bytes, big-endian; what lies behind the end counts as zero.
  func word(at index: Int) -> UInt32 {
    var value: UInt32 = 0
    for offset in index..<index + 4 { value = value << 8 | UInt32(indices.contains(offset) ? self[offset] : 0) }
    return value
  }
}

/// Entries that a damaged file no longer held when it was salvaged.
public struct JournalGap: Sendable, Hashable, CustomStringConvertible {
  /// The last good position before the gap.
  public var after: JournalPosition
  /// The first good position behind it; nil: up to the end of that file.
  public var before: JournalPosition?

  public init(after: JournalPosition, before: JournalPosition?) {
    self.after = after
    self.before = before
  }

  /// How many entries are lost, where that can be told.
  public var missing: UInt64? {
    guard let before, before.epoch == after.epoch, before.sequence > after.sequence else { return nil }
    return before.sequence - after.sequence - 1
  }

  public var description: String { "\(after) … \(before.map { "\($0)" } ?? "end")" }
}
