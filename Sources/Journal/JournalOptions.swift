/// A calendar month of the station's wall clock; it names the segment files.
public struct JournalMonth: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// 2000 ... 9999.
  public let year: Int
  /// 1 ... 12.
  public let month: Int

  /// Nil when out of range.
  public init?(year: Int, month: Int) {
    guard (2000...9999).contains(year), (1...12).contains(month) else { return nil }
    self.year = year
    self.month = month
  }

  private init(checkedYear year: Int, month: Int) {
    self.year = year
    self.month = month
  }

  /// For a journal that is begun while the wall clock cannot be trusted.
  public static let unknown = JournalMonth(checkedYear: 2000, month: 1)

  public static func < (left: Self, right: Self) -> Bool { (left.year, left.month) < (right.year, right.month) }

  /// So many months earlier; not before `unknown`.
  public func earlier(by months: Int) -> JournalMonth {
    let count = max(0, (year - 2000) * 12 + month - 1 - max(0, months))
    return JournalMonth(checkedYear: 2000 + count / 12, month: count % 12 + 1)
  }

  /// "2026-11".
  public var description: String { "\(year)-\(month < 10 ? "0" : "")\(month)" }
}

/// How a journal is kept. The defaults are those of the field.
public struct JournalOptions: Sendable {
  /// Name of a registered SQLite VFS; nil: the system's. Tests name one that injects faults.
  public var vfs: String?
  /// Size of the file that is given up when the disk is full. 0: none is kept.
  public var ballastBytes = 16 << 20
  /// Lower bound for an epoch that begins. A station passes minutes since 2020, so that a journal which was wiped or restored from
  /// an old copy does not begin an epoch that the parent has already seen.
  public var epochFloor: UInt32 = 1
  /// Begin a new epoch although nothing is wrong: the folder was restored from a copy.
  public var beginEpoch = false
  /// Once the write-ahead file has this many pages of 4 KiB, `maintain` moves them into the main file; `append` does it itself at
  /// eight times as many.
  public var checkpointPages = 500

  /// Longest body in bytes, and most bodies in one append.
  public static let maximumBodyBytes = 1 << 20
  public static let maximumBatch = 10_000

  public init() {}
}
