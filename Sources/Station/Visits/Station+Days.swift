import DeviceKit
import DeviceVocabulary

/// Which day it is. Numbers, the night and all that expires go by it, and what is deleted does not come back: the day only moves forward, by a
/// clock that was checked, by one that goes on from the last known day, or because a post says so. A station without a time server must keep
/// nothing for ever, and a battery that died must not take it to another year.
extension Station {
  /// So far a clock that nobody has checked is believed after the last known day.
  static let believedDays: Int64 = 7
  static let dateDoubt = FaultKey(.journal, .dateDoubtful)
  /// A time server answers within that after a start: nobody is asked for what it says.
  private static let datePatience = Interval.seconds(120)

  private var today: Int32? { Int32(exactly: wall.localDay) }

  /// Today, when that is further ahead than a clock that nobody has checked is believed.
  var doubtedDay: Int32? {
    let day = state.visits.day
    guard plan.visits != nil, !wall.synchronised, day > 0, let today, Int64(today) - Int64(day) > Self.believedDays else {
      return nil
    }
    return today
  }

  /// What has had its days may be deleted.
  var trustsDays: Bool {
    if wall.synchronised { return true }
    guard let today, state.visits.day > 0, today >= state.visits.day else { return false }
    return doubtedDay == nil
  }

  mutating func beginDay() {
    guard let today, today > state.visits.day, doubtedDay == nil else { return }
    record(.visit(.dayBegan(today)))
  }

  /// Asks a person (`Station.retest`), as long as no checked clock says it.
  mutating func doubtToday() {
    guard let today = doubtedDay else { return condition(Self.dateDoubt, false) }
    guard dateWait == .zero else { return }
    let (new, old) = (Self.date(today), Self.date(state.visits.day))
    condition(Self.dateDoubt, true, detail: "本机日期 \(new),号码停在 \(old) / this computer says \(new), numbers are of \(old)")
  }

  func nextDateDoubt() -> Interval? { doubtedDay != nil && dateWait > .zero ? dateWait : nil }

  private var dateWait: Interval {
    startedAt.map { max(.zero, Self.datePatience - (now - $0.monotonic)) } ?? .zero
  }

  /// `2026-11-26`, of a day since 1970. Counted in years that begin in March: the day that is not in every year is their last one.
  static func date(_ day: Int32) -> String {
    let (daysOf400, daysOf100, daysOf4) = (146_097, 36_524, 1461)
    // Since the first of March of the year 0, which is 719468 days before 1970.
    let days = Int(day) + 719_468
    let cycles = days >= 0 ? days / daysOf400 : -1 - (-1 - days) / daysOf400
    var rest = days - cycles * daysOf400
    var year = cycles * 400
    let centuries = min(rest / daysOf100, 3)
    rest -= centuries * daysOf100
    let leaps = rest / daysOf4
    rest -= leaps * daysOf4
    let years = min(rest / 365, 3)
    rest -= years * 365
    year += centuries * 100 + leaps * 4 + years
    var month = 3
    for length in [31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31] {
      if rest < length { break }
      rest -= length
      month += 1
    }
    if month > 12 {
      month -= 12
      year += 1
    }
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(year)-\(two(month))-\(two(rest + 1))"
  }
}
