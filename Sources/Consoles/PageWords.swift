import DeviceVocabulary
import Station

/// The words of the pages themselves (headings, buttons, notices), beside the values of `Texts`. The pages hold none of their own.
enum PageWords {
  typealias Word = (key: String, text: BilingualText)

  /// `{kind: {value: [Chinese, English]}}`: the values of `Texts`, and the page's own words under `page`.
  static func catalogue(_ page: [Word]) -> JSONText {
    var json = JSONText()
    json.object { json in
      for (kind, words) in Texts.catalogue + [("page", common + page)] {
        json.key(kind)
        json.object { json in
          for (key, text) in words {
            json.key(key)
            json.array([text.chinese, text.english]) { $0.value($1) }
          }
        }
      }
    }
    return json
  }

  static func word(_ key: String, _ chinese: String, _ english: String) -> Word { (key, BilingualText(chinese, english)) }

  static let common = [
    word("logInTitle", "请登录", "Please log in"),
    word("logIn", "登录", "Log in"),
    word("noAccounts", "本机没有员工账号,谁都可以操作", "No staff accounts: anybody at this computer may act"),
    word("logOut", "退出登录", "Log out"),
    word("staffID", "编号", "Id"),
    word("staffPIN", "密码", "PIN"),
    word("logInByCard", "刷卡登录", "Log in by card"),
    word("layCard", "请把工卡放在读卡器上", "Lay your card on the reader"),
    word("liftCard", "请拿起卡,再放一次", "Lift the card, and lay it down again"),
    word("roleMayNot", "您的角色不能看这一页", "Your role may not look at this page"),
    word("switchLanguage", "English", "中文"),
    word("notReadBack", "未回读", "not read back"),
    word("noAnswer", "没有得到答复,请看页面是否已生效", "No answer came; look whether it took effect"),
    word("connecting", "正在连接站点……", "Connecting to the station …"),
    word("starting", "站点正在启动……", "The station is starting …"),
    word("done", "已完成", "Done"),
    word("cancel", "取消", "Cancel"),
    word("confirm", "确定", "Confirm"),
    word("dialogKeys", "键盘:Ctrl+回车 提交,Esc 取消", "Keys: Ctrl+Enter sends it, Escape cancels"),
    word("hours", " {count} 小时", " {count} hours"),
    word("days", " {count} 天", " {count} days"),
    word("buzzing", "♪ 蜂鸣", "♪ beeping"),
  ]

  static let desk =
    starting + notices + ringing + incidents + faultsAndPoints + dialogs + uplink + stationsBelow + callsBelow + handOvers
    + readings + toTech

  private static let starting = [
    word("title", "值班台", "Duty desk"),
    word("pickPost", "请选择您的岗位", "Pick your post"),
    word("startDuty", "开始值班", "Start duty"),
    word("startDutyHelp", "点“开始值班”后,求助会响铃", "“Start duty” lets calls sound on this computer"),
    word("otherPost", "换岗位", "Change post"),
    word("post", "岗位", "Post"),
    word("onDutyNow", "当班", "on duty"),
    word("nobodyOnDuty", "此刻没有岗位排班", "no post is on the roster now"),
  ]

  /// Wherever a call sounds.
  static let ringing = [
    word("soundBlocked", "声音没有打开:求助时不会响铃。点这里打开声音", "Sound is off: calls will not ring. Press here to turn it on"),
    word("soundOn", "声音已开", "Sound on"),
    word("soundElsewhere", "声音在另一个标签页", "Sound in another tab"),
    word("soundBroken", "浏览器放不出声音,请换浏览器或检查音箱", "The browser cannot play sound: use another one, or check the speakers"),
    word("newCall", "新的求助:{place}", "New call: {place}"),
  ]

  private static let notices = [
    word(
      "lost", "站点失联 — 页面内容已停在 {time},不能操作。请查看主机,并用电话值守。",
      "STATION LOST: this page stopped at {time} and nothing can be done here. Look at the computer, and keep watch by telephone."
    ),
    word(
      "clockUnsynchronised", "主机时钟没有校准,下面的时刻可能不准(先后顺序和已过时间仍然准确)",
      "The computer's clock is not synchronised: times of day may be wrong (order and ages still hold)"),
    word("notRecorded", "还没有记录到磁盘,请先去现场", "Not recorded on disk yet: go there first"),
    word("waitingCalls", "有 {count} 条求助信息只在内存里,没有记录", "{count} entries about calls are held in memory and not recorded"),
    word("notForThisPost", "本岗位现在不能做这一步", "This post cannot do that now"),
    word("underWay", "正在复测……", "Re-test under way …"),
  ]

  private static let incidents = [
    word("incidents", "求助", "Calls"),
    word("noIncidents", "现在没有求助", "No call for help"),
    word("quietHere", "静默求助:此处不响铃、不闪灯", "Silent call: nothing sounds or lights in the room"),
    word("recentlyClosed", "最近结案", "Recently closed"),
    word("age", "已过", "since"),
    word("pressedAt", "按下时刻", "Pressed at"),
    word("pressedTimes", "按了 {count} 次", "pressed {count} times"),
    word("lamp", "现场灯", "Resident's lamp"),
    word("lampWish", "应为", "should show"),
    word("lampShown", "回读", "shows"),
    word("lampDiffers", "现场灯与应有状态不一致", "The lamp does not show what it should"),
    word("owner", "负责岗位", "Owner"),
    word("nobody", "尚无人接警", "nobody yet"),
    word("formerOwners", "原负责岗位", "Formerly"),
    word("ownerAway", "上级失联,本站岗位可接手", "The parent cannot be reached: a post here may take it over"),
    word("takenFromYou", "已升级由“{post}”接手,原由本岗位负责", "Escalated and taken over by {post}; it was yours"),
    word("offered", "正在移交给", "Offered to"),
    word("offeredToYou", "移交给本岗位,请答复", "Handed over to this post: please answer"),
    word("escalation", "升级", "Escalation"),
    word("notEscalated", "未升级", "not escalated"),
    word("step", "第 {count} 级", "step {count}"),
    word("nextStep", "{time} 后升级", "next in {time}"),
    word("sceneDue", "{time} 内须到场", "on scene within {time}"),
    word("ladderEnds", "已到最高一级", "last step reached"),
    word("told", "已通知", "told"),
    word("raisedAgain", "无人到场,再次呼叫({count})", "Nobody came: raised again ({count})"),
    word("silent", "静默", "Silent"),
    word("bypassedMark", "已停用的呼叫点", "Bypassed call point"),
    word("note", "情况", "Note"),
    word("falseAlarmMark", "误按", "False alarm"),
    word("timeToAcknowledge", "接警用时", "acknowledged after"),
    word("timeToScene", "到场用时", "on scene after"),
    word("acknowledge", "接警", "Acknowledge"),
    word("onScene", "已到场", "On scene"),
    word("resolve", "处置完毕", "Resolve"),
    word("close", "结案", "Close"),
    word("handOver", "移交", "Hand over"),
    word("accept", "接收", "Accept"),
    word("refuse", "不接收", "Refuse"),
    word("falseAlarm", "误按", "False alarm"),
    word(
      "shortcuts", "键盘:1–9 选求助,W 等得最久的,回车 接警,S 已到场,R 处置,H 移交,C 结案,X 误按,F 故障,P 呼叫点",
      "Keys: 1–9 pick a call, W the longest waiting, Enter acknowledges, S on scene, R resolve, H hand over, C close, X false alarm, F faults, P call points"
    ),
  ]

  private static let faultsAndPoints = [
    word("faults", "故障", "Faults"),
    word("noFaults", "没有故障", "No faults"),
    word("where", "位置", "Where"),
    word("since", "开始", "Since"),
    word("whatToDo", "怎么办", "What to do"),
    word("retestFailed", "复测未通过", "Re-test failed at"),
    word("causeGone", "原因已消失,等待复测", "Cause gone: needs a re-test"),
    word("stillPresent", "故障仍在", "Still there"),
    word("retest", "复测", "Re-test"),
    word("silence", "静音", "Silence"),
    word("silenced", "已静音", "Silenced"),
    word("detail", "细节", "Detail"),
    word("callPoints", "呼叫点", "Call points"),
    word("place", "地点", "Place"),
    word("state", "状态", "State"),
    word("actions", "操作", "Actions"),
    word("drill", "演练", "Drill"),
    word("test", "测试", "Test"),
    word("testAnnounced", "等待测试按下", "waits for a test press"),
    word("bypass", "停用", "Bypass"),
    word("endBypass", "恢复", "Put back"),
    word("bypassUntil", "已停用,还剩 {time}:{reason}({post})", "Bypassed, {time} left: {reason} ({post})"),
    word("inService", "使用中", "in service"),
    word("statistics", "统计", "Statistics"),
    word("ownStatistics", "统计(不含下级站点)", "Statistics (without the stations below)"),
    word("statisticsHelp", "三类分开统计", "Each kind counts for itself"),
    word("opened", "求助数", "Opened"),
    word("falseAlarms", "误按", "False alarms"),
    word("closed", "结案", "Closed"),
    word("escalated", "升级过", "Escalated"),
    word("machine", "主机时钟", "Clock"),
    word("clockGood", "已校准", "synchronised"),
    word("journalEntries", "日志条数", "journal entries"),
    word("alarmReceiver", "外部接警中心", "Alarm receiver"),
    word("receiverWaiting", "等待 {count}", "{count} waiting"),
    word("receiverAccepted", "最近受理 {time}", "last accepted {time}"),
    word("busUnit", "总线 {name}", "Bus {name}"),
    word("journalPlace", "日志与磁盘", "Journal and disk"),
  ]

  private static let dialogs = [
    word("askResolve", "处置情况(必填,不要写个人信息)", "What was done (needed; no personal data)"),
    word("askFalseAlarm", "误按说明(可不填)", "About the false alarm (may be empty)"),
    word("askRefuse", "不接收的原因(必填)", "Why not (needed)"),
    word("askHandOver", "移交给哪个岗位?对方接收后才算移交", "Hand over to which post? It stays yours until accepted"),
    word("askBypassReason", "停用原因(必填)", "Why it is bypassed (needed)"),
    word("askBypassMinutes", "停用分钟数(1–480,到时自动恢复)", "Minutes (1–480; ends by itself)"),
    word("askDrill", "在“{place}”开始演练?现场灯会像真的求助一样亮。", "Start a drill at {place}? Its lamp will act as in a real call."),
    word("askTest", "两分钟内在“{place}”按一次,只记为测试。", "The next press at {place} within two minutes counts as a test."),
    word("close_dialog", "关闭", "Close"),
  ]

  private static let uplink =
    [
      word("parent", "上级", "Parent"),
      word("parentPost", "上级 {post}", "parent {post}"),
      word(
        "parentLost", "上级失联:求助由本站处理。没有送到的记录都在本站,恢复后自动补传。",
        "PARENT LOST: calls are handled here. What it does not have yet is kept and sent when the line is back."),
      word("lastProof", "最后证明 {time}", "last proof at {time}"),
      word("noProof", "启动后没有证明", "no proof since the start"),
      word("toSend", "待上送 {count} 条,其中求助 {calls} 条", "{count} entries still to send, {calls} of them calls"),
      word("allSent", "记录已全部送达", "everything has arrived there"),
      word("dailyProof", "每日验证", "daily proof"),
      word("proofTook", "{time} 通过,用时 {took} 秒", "passed {time}, took {took} s"),
      word("noDailyProof", "尚无结果", "no result yet"),
      word("availability", "可用率 {percent}%", "availability {percent} %"),
      word("parentNotices", "上级通知", "Notices from the parent"),
      word("newNotice", "上级新通知:{text}", "New notice from the parent: {text}"),
    ] + PathStatus.State.allCases.map { ("path.\($0.rawValue)", Texts.text($0)) }

  private static let stationsBelow =
    [
      word("stations", "下级站点", "Stations below"),
      word("stationShortcut", ",Z 下级站点", ", Z stations below"),
      word("map", "站点图:用 Tab 选站点,回车看详情", "Map of stations: Tab picks one, Enter shows it"),
      word("neverHeard", "从未", "never"),
      word(
        "neverConnectedHelp", "已登记,但从未连接过:在本机运行 linli pki invite,再在该站点运行 linli enroll,让它入网。",
        "Known, but has never connected: run linli pki invite here, then linli enroll there, so that it joins."),
      word("callWaits", "有求助待接警", "a call waits"),
      word("program", "程序", "Program"),
      word("lastHeard", "最后联系", "Last heard"),
      word("never", "启动后没有", "not since the start"),
      word("paths", "线路", "Paths"),
      word("silentSince", "断,最后联系 {time}", "silent, last heard {time}"),
      word("backlog", "积压", "Backlog"),
      word("backlogEntries", "{count} 条", "{count} entries"),
      word("calls", "求助", "Calls"),
      word("openCalls", "{open} 个未结,{waits} 个待接警", "{open} open, {waits} waiting"),
      word("totals", "累计", "Totals"),
      word(
        "totalsText", "求助 {opened},误按 {falseAlarms},升级 {escalated}",
        "{opened} calls, {falseAlarms} false alarms, {escalated} escalated"),
      word("sendNotice", "发通知", "Send a notice"),
      word("notice", "通知", "Notice"),
      word("askNotice", "通知内容(必填,在对方页面显示一小时,不要写个人信息)", "The notice (needed; shown there for an hour; no personal data)"),
    ] + DeskView.ChildCard.State.allCases.map { ("child.\($0.rawValue)", Texts.text($0)) }

  private static let callsBelow = [
    word("closeHere", "本级结案", "Close it here"),
    word(
      "askCloseHere", "站点已没有这个求助的记录。请先电话核实,写明情况(必填,不要写个人信息)",
      "Its station has no record of this call. Verify by telephone first, and say what you found (needed; no personal data)"),
    word(
      "strayCall", "站点答复:没有这个求助(它的日志还原过或换过)。请电话核实,之后可在本级结案。",
      "Its station answers that there is no such call (its journal was restored or replaced). Verify by telephone; then it can be closed here."
    ),
    word("thisStation", "本站", "this station"),
    word("handDown", "分流督办", "Hand down"),
    word("askHandDown", "交给下级站点哪个岗位办理?对方接收后才算移交", "Which post of that station? It stays yours until accepted"),
    word("offeredToStation", "移交给本站,请答复", "Handed over to this station: please answer"),
    word("lampBelow", "应为 {lamp}(回读在下级站点)", "should show {lamp} (read back at its station)"),
    word("sentDown", "已发出,等待站点答复", "Sent, waiting for the station's answer"),
    word("pending", "“{action}”已发出({post}),等待站点答复 {time}", "“{action}” sent ({post}), waiting for the station's answer {time}"),
    word("failed", "“{action}”没有办成({post},{time}):{reason}", "“{action}” came to nothing ({post}, {time}): {reason}"),
    word(
      "childLostCard", "站点失联:这里是最后联系时({time})的情况,现在可能已变。操作两分钟内送不到即作废。",
      "Station lost: this is how things stood at the last contact ({time}). What is asked now lapses after two minutes."),
    word(
      "childUnknownCard", "尚未联系上站点:这里是以前的情况,现在可能已变。操作两分钟内送不到即作废。",
      "Station not heard yet: this is how things stood before. What is asked now lapses after two minutes."),
    word(
      "lostCall", "站点日志被退回到旧副本,此求助只在上级有记录,站点不会处理:请打电话告知站点。",
      "The station's journal was set back to an older copy: only this centre has this call, the station will not see to it. Telephone it."
    ),
  ]

  private static let handOvers = [
    word("handedDown", "{from} {time} 交给 {to}", "{from} handed it to {to} at {time}"),
    word("offeredUp", "{from} {time} 请求移交给 {to}", "{from} offered it to {to} at {time}"),
    word("attempt", "第 {count} 次", "attempt {count}"),
    word("nowWith", "现由 {post} 负责", "now with {post}"),
    word("refusedBecause", "{post}:{reason}", "{post}: {reason}"),
    word("dueBy", "须在 {time} 前{what}", "{what} by {time}"),
    word("timeLeft", "还剩 {time}", "{time} left"),
    word("overdueBy", "超时 {time}", "overdue {time}"),
    word("backFor", "退回 {time} 未处理", "back for {time}"),
    word("overdueCount", "⚠ 待催办 {count}", "⚠ {count} late"),
    word("lateMatters", "群众办事超时限 {count} 件,在窗口页督办", "{count} matters of visitors are overdue: see the window's page"),
    word("newOverdue", "督办超时或退回:{place}", "Overdue or come back: {place}"),
    word("handOverAway", "站点{state},这里是最后联系时的情况", "Its station is {state}: this is how things stood at the last contact"),
    word(
      "handedDownOffer", "{post} 分流督办:接收后 {scene} 内到场,{resolve} 内处置",
      "Handed down by {post}: once accepted, on scene within {scene}, resolved within {resolve}"),
    word("handedDownDue", "{post} 分流督办:须在 {time} 前{what},{left}", "Handed down by {post}: {what} by {time}, {left}"),
  ]

  private static let readings = [
    word("readings", "设备读数", "Readings"),
    word("noReading", "尚无读数", "no reading yet"),
    word("readingsUnknown", "读数取不到", "The readings cannot be had"),
    word("readingAge", "{time} 前", "{time} ago"),
    word("readingStale", "已过时,{time} 前", "stale, {time} ago"),
  ]
}
