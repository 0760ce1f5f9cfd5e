import Station

/// The words of the windows' page.
extension PageWords {
  static let window: [Word] =
    [
      word("windowTitle", "窗口", "Window"),
      word("windowNumber", "{number} 号窗口", "Window {number}"),
      word("windowLost", "站点没有响应,这里显示的可能已经过时", "The station does not respond: what is shown may be out of date"),
      word("notRecorded", "磁盘写不进,新的操作还没有记录", "The disk takes nothing: new steps are not recorded yet"),
      word(
        "parentLost", "与上级的网络自 {time} 中断,已保存,恢复后自动上报",
        "No line to the parent since {time}: everything is kept and goes up by itself"),
      word("pickSeat", "您坐在哪里?", "Where do you sit?"),
      word("sitDown", "开始", "Start"),
      word("otherSeat", "换位置", "Other seat"),
      word("helpAtKiosk", "自助终端有人要帮忙:", "Somebody wants help at the terminal:"),
      word("helpGiven", "我去帮", "I am going"),
    ] + queue + matter

  private static let queue = [
    word("atWindow", "窗口前", "At the window"),
    word("callNext", "叫下一位", "Call the next"),
    word("serve", "开始办理", "Has come"),
    word("recall", "再叫一遍", "Call again"),
    word("skip", "没有人来", "Nobody came"),
    word("finish", "办完了", "Done"),
    word("openMatter", "登记一件事", "Open a matter"),
    word("park", "先放一放", "Set aside"),
    word("transfer", "转到别的服务", "To another service"),
    word("toService", "转到哪项服务", "To which service"),
    word("reissue", "补号单", "New slip"),
    word(
      "newCode", "{number} 的新四位码是 {code},请写给来访人;关掉就看不到了",
      "The new code of {number} is {code}: write it down for the visitor, it is shown once"),
    word("slipPrinted", "新号单已打出", "The new slip is printed"),
    word("codeNoted", "已写下", "Written down"),
    word("priority", "优先", "Priority"),
    word("calledTimes", "已叫 {count} 遍", "Called {count} times"),
    word("scan", "扫号单,或输入号码", "Scan a slip, or type its number"),
    word("callThis", "叫这个号", "Call this one"),
    word("noSuchTicket", "等候和暂存的号里没有 {number}", "{number} neither waits nor is set aside"),
    word("waitingList", "等候", "Waiting"),
    word("waited", "等了 {time}", "waited {time}"),
    word("nobodyWaits", "现在没有人等候", "Nobody is waiting"),
    word("asideList", "暂存和没有来的", "Set aside, or not come"),
  ]

  private static let matter = [
    word("matters", "事项", "Matters"),
    word("noMatters", "没有未结的事", "No open matters"),
    word("matterNumber", "事 #{number}", "Matter #{number}"),
    word("overdue", "超时限", "Overdue"),
    word("owner", "负责", "Owner"),
    word("notAccepted", "等它接收", "not accepted yet"),
    word("timeLeft", "还剩", "Left"),
    word("result", "结果", "Result"),
    word("rating", "评价 {faces}/3", "rated {faces}/3"),
    word("matter-offer", "移交", "Hand over"),
    word("matter-accept", "接收", "Accept"),
    word("matter-refuse", "不接收", "Refuse"),
    word("matter-result", "填结果", "Result"),
    word("matter-call-back", "回访", "Call back"),
    word("matter-close", "结案", "Close"),
    word("askOffer", "移交给哪个岗位", "To which post"),
    word("askRefuse", "不接收的原因", "Why not"),
    word("askNote", "说明(不写姓名)", "A word about it (no names)"),
    word("askReached", "联系上了吗", "Was the visitor reached"),
    word("reachedYes", "联系上了", "Yes"),
    word("reachedNo", "没有联系上", "No"),
    word("hazards", "隐患", "Hazards"),
    word("hazardHandled", "已处理", "Dealt with"),
  ]
}
