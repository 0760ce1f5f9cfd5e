/// Everything that is kept here (本机保存了什么): for how long, for what, and on which ground. What is not in this table is not kept.
///
/// Legal grounds are of the Personal Information Protection Law (个人信息保护法) unless another is named.
public enum Retention {
  public enum Kind: String, Sendable, Codable, CaseIterable {
    case tickets, sealed, keys, matters, hazards, ratings, calls, faults, access, journal, staff, recordings
  }

  /// Where `{days}` stands the site file's number is put in.
  public struct Rule: Sendable {
    public var kind: Kind
    public var name: BilingualText
    public var time: BilingualText
    public var purpose: BilingualText
    public var ground: BilingualText
    public var isPersonal: Bool
  }

  private static let duty = BilingualText("第十三条第三项: 履行法定职责", "Art. 13 (3): duties given by law")
  private static let consent = BilingualText("第十三条第一项、第二十九条: 本人同意", "Art. 13 (1), 29: the person's own consent")
  private static let nobody = BilingualText("不是个人信息", "No personal data")

  public static let rules: [Rule] = [
    Rule(
      kind: .tickets, name: BilingualText("今天的号(没有姓名)", "Today's numbers (without names)"),
      time: BilingualText("到当天夜里", "Until the night"), purpose: BilingualText("排队叫号", "To call you in turn"), ground: nobody,
      isPersonal: false),
    Rule(
      kind: .sealed, name: BilingualText("加密的个人信息(刷卡或留下的)", "Sealed personal data (from a card, or left behind)"),
      time: BilingualText(
        "没有登记事项的,办完就销毁;登记了的,随事项一起删除,最迟在有结果后 {days} 天",
        "Destroyed after the visit, or deleted with the matter, at the latest {days} days after its result"),
      purpose: BilingualText("窗口核对、回访;移交以后本机打不开", "Compared at the window, call-back; closed for this machine once handed over"),
      ground: consent, isPersonal: true),
    Rule(
      kind: .keys, name: BilingualText("上一行的密钥", "Keys of the line above"),
      time: BilingualText("与它打开的信息同时销毁", "Destroyed together with what they open"),
      purpose: BilingualText("只给有权的人打开", "So that only who may can open it"), ground: consent, isPersonal: true),
    Rule(
      kind: .matters, name: BilingualText("受理的事项(没有姓名)", "Matters (without names)"),
      time: BilingualText("办结后 {days} 天", "{days} days after the end"),
      purpose: BilingualText("办理、督办、凭号单查询", "To deal with it, and to answer whoever holds the slip"), ground: duty,
      isPersonal: false),
    Rule(
      kind: .hazards, name: BilingualText("还没处理的隐患(东西和地方)", "Open hazards (things and places)"),
      time: BilingualText("到处理为止", "Until it is dealt with"), purpose: BilingualText("派人处理", "To have it put right"),
      ground: nobody, isPersonal: false),
    Rule(
      kind: .ratings, name: BilingualText("满意度(只有数字)", "Ratings (numbers only)"),
      time: BilingualText("一直累计", "Added up without end"), purpose: BilingualText("改进服务", "To serve better"), ground: nobody,
      isPersonal: false),
    Rule(
      kind: .calls, name: BilingualText("未结的求助(地点和时间)", "Open calls for help (places and times)"),
      time: BilingualText("到结案为止;之后只在操作日志里", "Until closed; then in the log only"),
      purpose: BilingualText("派人到场", "To send somebody"),
      ground: BilingualText("第十三条第四项: 紧急情况下保护生命健康", "Art. 13 (4): life and health in an emergency"), isPersonal: false),
    Rule(
      kind: .faults, name: BilingualText("设备故障", "Faults of devices"), time: BilingualText("到修好为止", "Until mended"),
      purpose: BilingualText("修理", "To mend them"), ground: nobody, isPersonal: false),
    Rule(
      kind: .access, name: BilingualText("员工登录和查看记录(累计)", "Logins and openings by staff (in all)"),
      time: BilingualText("随操作日志", "As the log"),
      purpose: BilingualText("查明谁看过什么", "To find out who has seen what"),
      ground: BilingualText("第五十一条、网络安全法第二十一条: 安全措施", "Art. 51, Cybersecurity Law art. 21: security measures"),
      isPersonal: true),
    Rule(
      kind: .journal, name: BilingualText("操作日志(时间、号码、窗口,没有姓名)", "The log (times, numbers, windows, no names)"),
      time: BilingualText("一直保存;有上级的,上级已有后按月清除", "For good; with a parent, whole months go once it has them"),
      purpose: BilingualText("不丢求助、可以核查", "That no call is lost and all can be checked"),
      ground: BilingualText("网络安全法第二十一条: 不少于六个月", "Cybersecurity Law art. 21: six months at least"), isPersonal: false),
    Rule(
      kind: .staff, name: BilingualText("员工账号(自编编号)", "Accounts of the staff (the centre's own ids)"),
      time: BilingualText("到停用后由负责人删除", "Until deleted by who is in charge"), purpose: BilingualText("登录", "Login"),
      ground: BilingualText("第十三条第二项: 人力资源管理", "Art. 13 (2): management of staff"), isPersonal: true),
    Rule(
      kind: .recordings, name: BilingualText("检修录制(没有打开过的个人信息)", "Recordings for repair (nothing opened in them)"),
      time: BilingualText("到检修人员删除", "Until the technician deletes it"),
      purpose: BilingualText("查找程序问题", "To find mistakes of the program"),
      ground: nobody, isPersonal: false),
  ]

  public static func rule(_ kind: Kind) -> Rule? { rules.first { $0.kind == kind } }
}

/// How many there are of a kind; `nil`: not known at the moment.
public struct KeptCount: Sendable, Equatable {
  public var kind: Retention.Kind
  public var count: Int?

  public init(_ kind: Retention.Kind, _ count: Int?) {
    self.kind = kind
    self.count = count
  }
}

extension VisitView {
  /// In the order of the table.
  public var keptCounts: [KeptCount] {
    Retention.rules.map { rule in
      let count: Int? =
        switch rule.kind {
        case .tickets: keptTickets
        case .sealed: keptContacts
        case .matters: keptMatters
        case .hazards: max(0, counts.hazards - counts.hazardsHandled)
        case .ratings: counts.ratings.reduce(0) { $0 &+ $1 }
        default: keptBesides.first { $0.kind == rule.kind }?.count
        }
      return KeptCount(rule.kind, count)
    }
  }
}

extension Station {
  /// What is kept beside visits.
  var keptBesides: [KeptCount] {
    [
      KeptCount(.calls, state.incidents.count), KeptCount(.faults, state.faults.count),
      KeptCount(.access, state.accessNotes ?? 0), KeptCount(.journal, Int(clamping: state.entries)),
    ]
  }
}
