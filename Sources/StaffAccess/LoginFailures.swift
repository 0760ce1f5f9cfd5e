/// Wrong logins, by what was typed as an id: of an id that nobody has as of any other, so that the answers do not say which of them exist.
///
/// Each is forgotten 15 minutes after the last. As wrong ones are answered one at a time, and at most two a second, no more than 1,800 count at
/// any time: the list, which is cleared when it is full, never has to drop one that counts, unless the clock is wrong.
struct LoginFailures {
  enum Source: Hashable {
    /// Of something longer than any id its beginning is kept.
    case id(String)
    /// The reader of staff cards.
    case reader

    static func typed(_ text: String) -> Source {
      .id(String(decoding: text.utf8.prefix(StaffAccount.longestID + 1), as: UTF8.self))
    }
  }

  private struct Row {
    var wrong = 0
    var last: Duration
    /// An account has that id.
    var isKnown: Bool
  }

  static let limit = 5
  static let memory = Duration.seconds(900)
  static let capacity = 4096

  private var rows: [Source: Row] = [:]

  var count: Int { rows.count }

  func isLocked(_ source: Source, at now: Duration) -> Bool {
    guard let row = rows[source] else { return false }
    return row.wrong >= Self.limit && now - row.last < Self.memory
  }

  mutating func note(_ source: Source, isKnown: Bool, at now: Duration) {
    if let row = rows[source], now - row.last >= Self.memory { rows[source] = nil }
    if rows[source] == nil, rows.count >= Self.capacity { makeRoom(at: now) }
    var row = rows[source] ?? Row(last: now, isKnown: isKnown)
    (row.wrong, row.last, row.isKnown) = (row.wrong + 1, now, isKnown)
    rows[source] = row
  }

  mutating func forget(_ source: Source) { rows[source] = nil }

  private mutating func makeRoom(at now: Duration) {
    rows = rows.filter { now - $0.value.last < Self.memory }
    guard rows.count >= Self.capacity else { return }
    // An account's lock is not opened by guessing at others.
    let oldest = rows.filter { !$0.value.isKnown }.min { $0.value.last < $1.value.last }
    if let oldest { rows[oldest.key] = nil }
  }
}
