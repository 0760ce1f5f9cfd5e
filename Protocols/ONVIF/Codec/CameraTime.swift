/// Points in time as SOAP writes them: `2026-11-23T21:35:03Z`, in UTC, as seconds since 1970.
public enum CameraTime {
  /// Years 1970 to 9999; what is beyond is cut to them.
  public static func text(_ unixSeconds: Int64) -> String {
    let seconds = min(max(unixSeconds, 0), 253_402_300_799)
    let (year, month, day) = date(days: seconds / 86_400)
    let rest = seconds % 86_400
    return
      "\(padded(year, 4))-\(padded(month))-\(padded(day))T\(padded(rest / 3600)):\(padded(rest / 60 % 60)):\(padded(rest % 60))Z"
  }

  /// With `Z`, `+hh:mm` or nothing behind it, with fractions or without; `nil`: no such time.
  public static func seconds(_ text: String) -> Int64? {
    let digits = Array(text.utf8)
    guard digits.count >= 19, digits.count <= 40, digits[10] == UInt8(ascii: "T") else { return nil }
    func number(_ range: Range<Int>) -> Int64? {
      guard range.upperBound <= digits.count, digits[range].allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
      return digits[range].reduce(0) { $0 * 10 + Int64($1 - 0x30) }
    }
    guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10), let hour = number(11..<13),
      let minute = number(14..<16), let second = number(17..<19),
      let whole = seconds(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
    else { return nil }
    let zone = digits[19...].drop { $0 == UInt8(ascii: ".") || (0x30...0x39).contains($0) }
    guard let sign = zone.first, sign != UInt8(ascii: "Z") else { return whole }
    guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), zone.count == 6,
      let hours = number(zone.startIndex + 1..<zone.startIndex + 3),
      let minutes = number(zone.startIndex + 4..<zone.startIndex + 6)
    else { return nil }
    let offset = hours * 3600 + minutes * 60
    return sign == UInt8(ascii: "+") ? whole - offset : whole + offset
  }

  /// `nil`: no such time.
  public static func seconds(year: Int64, month: Int64, day: Int64, hour: Int64, minute: Int64, second: Int64) -> Int64? {
    guard (1970...9999).contains(year), (1...12).contains(month), (1...31).contains(day), (0...23).contains(hour),
      (0...59).contains(minute), (0...60).contains(second)
    else { return nil }
    return days(year: year, month: month, day: day) * 86_400 + hour * 3600 + minute * 60 + second
  }

  // Days from civil and back, after H. Hinnant: years begin in March, so that the leap day is the last.
  private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
    let shifted = month <= 2 ? year - 1 : year
    let era = shifted / 400
    let inEra = shifted - era * 400
    let inYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + inEra * 365 + inEra / 4 - inEra / 100 + inYear - 719_468
  }

  static func date(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = days + 719_468
    let era = shifted / 146_097
    let inEra = shifted - era * 146_097
    let year = (inEra - inEra / 1_460 + inEra / 36_524 - inEra / 146_096) / 365
    let inYear = inEra - (365 * year + year / 4 - year / 100)
    let month = (5 * inYear + 2) / 153
    let number = month < 10 ? month + 3 : month - 9
    return (year + era * 400 + (number <= 2 ? 1 : 0), number, inYear - (153 * month + 2) / 5 + 1)
  }

  private static func padded(_ number: Int64, _ length: Int = 2) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, length - text.utf8.count)) + text
  }
}
