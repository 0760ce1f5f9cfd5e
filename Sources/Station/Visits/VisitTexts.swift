/// The words about visits, as old people say them.
extension Texts {
  public static func text(_ phase: Ticket.Phase) -> BilingualText {
    switch phase {
    case .waiting: BilingualText("等候叫号", "Waiting to be called")
    case .called: BilingualText("请到窗口", "Please come to the window")
    case .serving: BilingualText("正在办理", "Being served")
    case .parked: BilingualText("已暂存,稍后继续", "Set aside, goes on later")
    case .done: BilingualText("窗口已办完", "Done at the window")
    case .skipped: BilingualText("叫过号没有人来,请告诉工作人员", "Called in vain: please tell the staff")
    }
  }

  public static func text(_ phase: Matter.Phase) -> BilingualText {
    switch phase {
    case .opened: BilingualText("已受理", "Taken on")
    case .handled: BilingualText("正在办理", "Being dealt with")
    case .resulted: BilingualText("有结果了", "There is a result")
    case .calledBack: BilingualText("已回访", "Called back")
    case .closed: BilingualText("已办结", "Closed")
    }
  }

  public static func text(_ result: Matter.Result) -> BilingualText {
    switch result {
    case .done: BilingualText("办好了", "Done")
    case .agreed: BilingualText("调解成功,双方同意", "Both sides agreed")
    case .notAgreed: BilingualText("没有调解成", "No agreement was reached")
    case .notPossible: BilingualText("办不了", "It cannot be done")
    case .referred: BilingualText("转到别处办", "Referred elsewhere")
    case .withdrawn: BilingualText("本人撤回", "Withdrawn by the visitor")
    }
  }

  public static func text(_ slip: Ticket.Slip) -> BilingualText {
    switch slip {
    case .unknown: BilingualText("不知号单是否打出,请核对", "Not known whether the slip came out: check")
    case .printed: BilingualText("号单已打出", "Slip printed")
    case .shown: BilingualText("没有打印,号码在屏幕上", "Not printed: the number was on the screen")
    }
  }

  /// How a visit stands, for whoever holds its slip.
  public static func text(_ standing: VisitStanding) -> BilingualText {
    if let matter = standing.matter { return text(matter) }
    switch standing.ticket {
    case .waiting:
      return BilingualText(
        standing.ahead == 0 ? "您的号 \(standing.shown),前面没有人" : "您的号 \(standing.shown),前面还有 \(standing.ahead) 位",
        "Your number \(standing.shown): \(standing.ahead == 0 ? "nobody" : "\(standing.ahead)") before you")
    case .called:
      let window = standing.window.map(String.init) ?? ""
      return BilingualText("正在叫您:请到 \(window) 号窗口", "You are called: please go to window \(window)")
    case let phase?: return text(phase)
    case nil: return BilingualText("今天没有这个号", "There is no such number today")
    }
  }

  private static func text(_ matter: VisitStanding.Stage) -> BilingualText {
    if let result = matter.result {
      let words = text(result)
      return BilingualText("有结果了:\(words.chinese)", "There is a result: \(words.english.lowercasedFirst)")
    }
    if let to = matter.offeredTo {
      return BilingualText(
        "\(matter.owner)正在为您办,已请\(to)接手,等它答应", "\(matter.owner) has it, and has asked \(to) to take it over")
    }
    if matter.overdue {
      return BilingualText(
        "\(matter.owner)正在为您办,已超过承诺的时间,我们在督促", "\(matter.owner) has it; it is overdue, and is being pressed for")
    }
    let left = within(hours: max(1, matter.hoursLeft ?? 0))
    return BilingualText(
      "\(matter.owner)正在为您办,\(left.chinese)内给您答复", "\(matter.owner) has it; you will have an answer within \(left.english)")
  }

  /// Neither more nor less than is left: whole days alone would say one day too many, or too few.
  private static func within(hours: Int) -> BilingualText {
    let (days, rest) = hours >= 48 ? (hours / 24, hours % 24) : (0, hours)
    let chinese = [days > 0 ? "\(days) 天" : "", rest > 0 ? "\(rest) 小时" : ""].filter { !$0.isEmpty }
    let hours = rest == 1 ? "1 hour" : "\(rest) hours"
    let english = [days > 0 ? "\(days) days" : "", rest > 0 ? hours : ""].filter { !$0.isEmpty }
    return BilingualText(chinese.joined(separator: " "), english.joined(separator: " and "))
  }

  /// What a slip says beside the number: printers have room for one language.
  public static func slipLines(bring: [String]) -> [String] {
    let prepare = bring.isEmpty ? [] : ["请准备: " + bring.joined(separator: "、")]
    return prepare + ["请等候叫号,看大屏幕,也请听广播", "以后问事情到哪一步:在自助终端输入号码和四位码"]
  }

  public static func windows(_ numbers: [Int]) -> String { numbers.map { "\($0) 号窗口" }.joined(separator: "、") }

  static let visitCatalogue: [(kind: String, words: [(key: String, text: BilingualText)])] = [
    ("ticket", Ticket.Phase.allCases.map { ($0.rawValue, text($0)) }),
    ("matter", Matter.Phase.allCases.map { ($0.rawValue, text($0)) }),
    ("result", Matter.Result.allCases.map { ($0.rawValue, text($0)) }),
    ("slip", Ticket.Slip.allCases.map { ($0.rawValue, text($0)) }),
  ]
}

extension String {
  fileprivate var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }
}
