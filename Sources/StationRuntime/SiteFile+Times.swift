import Yams

extension SiteReader {
  /// Minutes after midnight, of `"08:30"`; 0 when the key is not there.
  func minute(_ section: SiteSection, _ key: String) -> Int {
    guard let node = section.raw(key) else { return 0 }
    let parts = (node.string ?? "").split(separator: ":", omittingEmptySubsequences: false)
    let areDigits = parts.allSatisfy { (1...2).contains($0.utf8.count) && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
    if parts.count == 2, areDigits, let hour = Int(parts[0]), let minute = Int(parts[1]), (0...23).contains(hour),
      (0...59).contains(minute)
    {
      return hour * 60 + minute
    }
    complain(node, "时间应写成 \"08:30\"(加引号)", "a time is written \"08:30\", in quotes")
    return 0
  }

  /// 1 = Monday ... 7 = Sunday; empty: every day.
  func weekdays(_ section: SiteSection) -> [Int] {
    section.list("days").map { item in
      guard let day = SiteSection.decimal(item), (1...7).contains(day) else {
        complain(item, "星期应为 1(周一)至 7(周日)", "days must be 1 (Monday) to 7 (Sunday)")
        return 1
      }
      return day
    }
  }
}
