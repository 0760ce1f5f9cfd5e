/// A moment in UTC to the second, written `HH:MM:SS,MM-DD-YYYY` (README.md, "Frame").
public struct DC09Timestamp: Sendable, Equatable, CustomStringConvertible {
  /// Seconds since 1970-01-01T00:00:00Z; years 1970 to 9999 can be written.
  public var unixSeconds: Int64

  private static let last: Int64 = 253_402_300_799

  /// Clamped to the years 1970 to 9999.
  public init(unixSeconds: Int64) {
    self.unixSeconds = min(max(unixSeconds, 0), Self.last)
  }

  /// Nil unless it is exactly 19 characters that name a moment that exists.
  public init?(_ text: some StringProtocol) {
    let bytes = Array(text.utf8)
    guard bytes.count == 19 else { return nil }
    for (index, separator) in Self.separators where bytes[index] != separator { return nil }
    func number(_ from: Int, _ count: Int) -> Int64? {
      var value: Int64 = 0
      for byte in bytes[from..<from + count] {
        guard (48...57).contains(byte) else { return nil }
        value = value * 10 + Int64(byte - 48)
      }
      return value
    }
    guard let hour = number(0, 2), let minute = number(3, 2), let second = number(6, 2), let month = number(9, 2),
      let day = number(12, 2), let year = number(15, 4), hour < 24, minute < 60, second < 60, (1...12).contains(month),
      (1...31).contains(day), (1970...9999).contains(year)
    else { return nil }
    let days = Self.days(year: year, month: month, day: day)
    self.init(unixSeconds: days * 86_400 + hour * 3600 + minute * 60 + second)
    // 31 April is taken for 1 May by the arithmetic, and is refused here.
    guard description.utf8.elementsEqual(bytes) else { return nil }
  }

  private static let separators: [(Int, UInt8)] = [(2, 0x3A), (5, 0x3A), (8, 0x2C), (11, 0x2D), (14, 0x2D)]

  public var description: String {
    let (year, month, day) = Self.date(unixSeconds / 86_400)
    let second = unixSeconds % 86_400
    func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
    return "\(two(second / 3600)):\(two(second / 60 % 60)):\(two(second % 60)),\(two(month))-\(two(day))-\(year)"
  }

  // Days since 1970 and back, by years that begin in March so that the leap day is the last one.
  private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
    let shifted = month <= 2 ? year - 1 : year
    let era = shifted / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private static func date(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = days + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let month = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * month + 2) / 5 + 1
    return (yearOfEra + era * 400 + (month >= 10 ? 1 : 0), month < 10 ? month + 3 : month - 9, day)
  }
}
