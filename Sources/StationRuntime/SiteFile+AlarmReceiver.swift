import SIADC09Codec
import Station
import Yams

/// An alarm receiving centre that others run, to which calls are sent as well (README.md of SIADC09).
public struct AlarmReceiverPlan: Sendable, Equatable {
  public enum Transport: String, Sendable, CaseIterable { case tcp, udp }
  public enum Format: String, Sendable, CaseIterable { case contactID = "ADM-CID", siaDCS = "SIA-DCS" }

  public var host: String
  public var port: Int
  public var transport: Transport
  public var format: Format
  /// 3 to 16 hexadecimal digits in capitals.
  public var account: String
  public var receiver: String?
  public var line: String
  /// Area of all reports, 0 ... 99.
  public var group: Int
  /// File with the key; relative to the site file's folder when it is relative. `nil`: sent in clear.
  public var keyFile: String?
  /// 0: no supervision messages.
  public var supervisionSeconds: Int
  public var silentAfterSeconds: Int
  public var timestamps: Bool
  public var timeOfOccurrence: Bool
  public var plainAcknowledgements: Bool
  /// Every place of the site, in the site file's order.
  public var zones: [Zone]

  public struct Zone: Sendable, Equatable {
    public var place: String
    /// 1 ... 999.
    public var zone: Int
    /// What a call from there is reported as, unless its place is silent.
    public var code: ReceiverEvent.Code
  }

  /// What a place can be reported as.
  public static let codes: [ReceiverEvent.Code] = [
    .panic, .medical, .personalEmergency, .fire, .duress, .silentHoldUp, .audibleHoldUp,
  ]
}

extension SiteReader {
  func alarmReceiver(_ node: Node, places: [SitePlan.Place]) -> AlarmReceiverPlan {
    let section = section(
      node, "alarmReceiver",
      keys: [
        "host", "port", "transport", "format", "account", "receiver", "line", "group", "key", "supervision", "silentAfter",
        "timestamps", "timeOfOccurrence", "plainAcknowledgements", "zones",
      ])
    let key = section.raw("key").map { _ in section.text("key", limit: 400) }
    let timestamps = section.flag("timestamps", default: true)
    if key != nil, !timestamps {
      complain(
        section.raw("timestamps"), "加密的消息必须带时间,请删去 timestamps: false",
        "encrypted messages need their timestamps; leave out timestamps: false")
    }
    let supervision = section.number("supervision", in: 0...86_400, default: 60)
    if (1..<10).contains(supervision) {
      complain(
        section.raw("supervision"), "alarmReceiver 的 \"supervision\" 应为 0(不发)或 10 至 86400",
        "\"supervision\" of alarmReceiver must be 0 (none) or 10 to 86400")
    }
    return AlarmReceiverPlan(
      host: section.text("host", limit: 253), port: section.number("port", in: 1...65_535),
      transport: section.choice("transport", AlarmReceiverPlan.Transport.allCases.map { ($0.rawValue, $0) }, default: .tcp),
      format: section.choice("format", AlarmReceiverPlan.Format.allCases.map { ($0.rawValue, $0) }, default: .contactID),
      account: hexadecimal(section, "account", 3...16).uppercased(),
      receiver: section.raw("receiver").map { _ in hexadecimal(section, "receiver", 1...6).uppercased() },
      line: section.raw("line") == nil ? "0" : hexadecimal(section, "line", 1...6).uppercased(),
      group: section.number("group", in: 0...99, default: 1), keyFile: key, supervisionSeconds: supervision,
      silentAfterSeconds: section.number("silentAfter", in: 5...3600, default: 30), timestamps: timestamps,
      timeOfOccurrence: section.flag("timeOfOccurrence", default: false),
      plainAcknowledgements: section.flag("plainAcknowledgements", default: false), zones: zones(section, places))
  }

  private func hexadecimal(_ section: SiteSection, _ key: String, _ count: ClosedRange<Int>) -> String {
    guard let value = section.raw(key) else {
      section.missing(key)
      return ""
    }
    let text = value.scalar?.string ?? ""
    let isHexadecimal = text.utf8.allSatisfy { (48...57).contains($0) || (65...70).contains($0) || (97...102).contains($0) }
    guard count.contains(text.utf8.count), isHexadecimal else {
      complain(
        value, "\(section.what) 的 \"\(key)\" 应为 \(count.lowerBound) 至 \(count.upperBound) 位十六进制数字",
        "\"\(key)\" of \(section.what) must be \(count.lowerBound) to \(count.upperBound) hexadecimal digits")
      return ""
    }
    return text
  }

  /// Each place has a zone: as told, or the lowest that is left, in the site file's order.
  private func zones(_ section: SiteSection, _ places: [SitePlan.Place]) -> [AlarmReceiverPlan.Zone] {
    var told: [AlarmReceiverPlan.Zone] = []
    for item in section.list("zones") {
      let zone = self.section(item, "zone", keys: ["place", "zone", "code"])
      let read = AlarmReceiverPlan.Zone(
        place: zone.text("place"), zone: zone.number("zone", in: 1...999),
        code: zone.choice("code", AlarmReceiverPlan.codes.map { ($0.rawValue, $0) }, default: .panic))
      if !read.place.isEmpty, !places.contains(where: { $0.id == read.place }) {
        complain(zone.raw("place"), "没有地点 \"\(read.place)\"", "there is no place \"\(read.place)\" under places")
      }
      if told.contains(where: { $0.place == read.place }) {
        complain(item, "地点 \"\(read.place)\" 写了两次", "place \"\(read.place)\" is given twice")
      }
      if told.contains(where: { $0.zone == read.zone }) {
        complain(item, "防区 \(read.zone) 写了两次", "zone \(read.zone) is given twice")
      }
      told.append(read)
    }
    var free = (1...999).lazy.filter { number in !told.contains { $0.zone == number } }.makeIterator()
    return places.map { place in
      if let zone = told.first(where: { $0.place == place.id }) { return zone }
      // The protocol has three digits; what is beyond them says no zone.
      return AlarmReceiverPlan.Zone(place: place.id, zone: free.next() ?? 0, code: .panic)
    }
  }
}
