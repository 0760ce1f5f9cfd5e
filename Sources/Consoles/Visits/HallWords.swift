import Station

/// The words of terminal, hall display, notice board and of what is kept: short, as one says them to an old person.
extension PageWords {
  static let hall: [Word] = terminal + asking + danger + cards + slips + progress + hazards + leaving + display + board + kept

  /// What stands around every screen.
  private static let terminal = [
    word("kioskTitle", "自助服务", "Self-service"),
    word("tools", "显示方式", "Display"),
    word("bar", "帮助和返回", "Help and back"),
    word("staff", "请工作人员帮我", "Please help me"),
    word("repeat", "再听一遍", "Say it again"),
    word("back", "返回", "Back"),
    word("restart", "重来", "Start again"),
    word("contrast", "高对比", "High contrast"),
    word("large", "大字", "Large text"),
    word("low", "低位", "Low"),
    word("earlier", "上一页", "Earlier"),
    word("later", "下一页", "More"),
    word("pageOf", "第 {page} 页,共 {pages} 页", "page {page} of {pages}"),
    word("working", "请稍候……", "One moment …"),
    word("staffAsked", "已经叫了工作人员,请在这里等一等", "The staff have been called: please wait here"),
    word("staffNotAsked", "没有送到,请喊人或按墙上的红色按钮", "It did not get through: call out, or press the red button on the wall"),
    word(
      "staffUncertain", "没有得到答复,不知道送到没有:请喊人或按墙上的红色按钮",
      "No answer came, it may not have got through: call out, or press the red button on the wall"),
    word("connectingLong", "正在连接,请稍候", "Connecting, one moment"),
    word("startingLong", "机器正在启动,请稍候", "The machine is starting, one moment"),
    word("lostLong", "机器现在连不上,办不了事", "The machine cannot be reached, and nothing can be done on it now"),
    word(
      "lostWhatToDo", "请到窗口找工作人员。有危险请喊人,或按墙上的红色按钮。",
      "Please go to a window. In danger call out, or press the red button on the wall."),
    word(
      "unknownKiosk", "这台机器(“{id}”)没有登记,不能用,请到窗口",
      "This machine (“{id}”) is not registered and cannot be used: please go to a window"),
    word(
      "interrupted", "刚才停电了。您的号是 {numbers},请工作人员核对",
      "The power was off just now. Your number is {numbers}: please let the staff check it"),
    word("notRecordedNow", "机器现在存不了新的记录,请告诉工作人员", "The machine cannot keep new records now: please tell the staff"),
    word("offline", "网络中断(从 {time} 起),已保存,恢复后自动上报", "The line is down (since {time}): all is kept, and sent when it is back"),
    word("cutOff", "刚才中断了,可能停过电", "It was interrupted just now: perhaps the power was off"),
    word("didNotWork", "没有办成", "It did not work"),
    word("notDelivered", "没有送到,请再试一次,或到窗口找工作人员", "It did not get through: try again, or go to a window"),
    word("uncertain", "没有得到答复,不知道办成没有,请问工作人员", "No answer came, it may or may not have worked: please ask the staff"),
    word("tryAgain", "再试一次", "Try again"),
    word("toStart", "回到开头", "To the start"),
  ]

  /// Three questions lead to the right place (前台分流).
  private static let asking = [
    word("welcome", "您好,欢迎", "Welcome"),
    word("touchMe", "请摸一下屏幕", "Please touch the screen"),
    word("noCardNeeded", "不用证件,不用手机,不问姓名", "No card, no telephone, no name is needed"),
    word("whatFor", "您要做什么?", "What would you like?"),
    word("help", "求助", "I need help"),
    word("helpNote", "有危险,或不知道找谁", "Danger, or I do not know whom to ask"),
    word("business", "办事", "A service"),
    word("businessNote", "取号、查我的号", "Take a number, look up my number"),
    word("report", "反映问题", "Report a problem"),
    word("reportNote", "路灯、电梯、通道……", "Lights, lifts, passages …"),
    word("keptLink", "本机保存了什么", "What is kept here"),
    word("whichHelp", "现在有危险吗?", "Is there danger now?"),
    word("dangerYes", "有危险,快来人", "Danger: come at once"),
    word("dangerDispute", "没有危险,和别人有矛盾", "No danger: a dispute"),
    word("dangerUnsure", "我不知道,请人帮我", "I do not know: please help me"),
    word("whichBusiness", "您要办哪一种?", "Which kind is it?"),
    word("dispute", "和别人有矛盾", "I have a dispute"),
    word("oneService", "办一件事", "I need a service"),
    word("myNumber", "查我的号", "Look up my number"),
    word("whichDispute", "想怎么解决?", "How shall it be settled?"),
    word("whichService", "要办什么?", "Which service?"),
    word("noServices", "这里没有登记可办的事,请到窗口", "No service is listed here: please go to a window"),
    word("waitingNow", "等候 {count} 人", "{count} waiting"),
    word("bring", "请带好:", "Please bring:"),
    word("bringNothing", "不用带什么", "You need not bring anything"),
    word("promise", "承诺 {time}内答复", "An answer within {time}"),
    word("atWindows", "在 {windows} 号窗口办", "At window {windows}"),
    word("takeNumber", "取号", "Take a number"),
    word("takePriority", "优先取号", "Take a number with priority"),
    word("priorityNote", "老人、残疾人,不用说理由", "Old or disabled: no reason is asked"),
    word("comma", ",", ", "),
    word("listComma", "、", ", "),
  ]

  private static let danger = [
    word("calling", "正在送出求助……", "Sending your call for help …"),
    word("callStands", "求助已经按下", "You have called for help"),
    word("callRecorded", "已记录", "It is recorded"),
    word("callAtCentre", "中心已收到", "The centre has it"),
    word("callComing", "有人来了", "Someone is coming"),
    word("callNotYet", "还没有", "not yet"),
    word("callReached", "已到这一步", "done"),
    word("callWait", "请留在这里,看着屏幕", "Please stay here and watch the screen"),
    word("callWaitComing", "有人正在过来,请留在这里", "Someone is on the way: please stay here"),
    word(
      "callFault", "这里的求助键失灵:请喊人或按墙上的红色按钮", "The help key here is out of order: call out, or press the red button on the wall"),
    word(
      "callStale", "这是断线以前的情况。着急请喊人,或按墙上的红色按钮",
      "So it stood before the line broke. In need call out, or press the red button on the wall"),
    word("callOver", "这次求助已经结束", "This call for help is over"),
    word("callFailed", "没有送到!", "It did not get through!"),
    word("callFailedHelp", "没有送到,请喊人或按墙上的红色按钮", "It did not get through: call out, or press the red button on the wall"),
    word("callUncertain", "不知道送到没有!", "It may not have got through!"),
    word("callAgain", "再按一次求助", "Call for help again"),
  ]

  /// A card is read only after a "yes" on a screen that says what for.
  private static let cards = [
    word("takeWithCard", "用身份证取号", "With my identity card"),
    word("takeWithCardNote", "窗口少填一张表;不用也能办", "One form less at the window; it works without, too"),
    word("cardAsk", "要读您的身份证吗?", "May your identity card be read?"),
    word("cardWhat", "只读姓名、号码和住址,不留照片和指纹", "Only name, number and address; no photograph, no fingerprints are kept"),
    word("cardWhy", "给窗口填表、以后回访您", "To fill in the form at the window, and to call you back"),
    word("cardKept", "加密保存,办结后 {days} 天删除", "Kept sealed, and deleted {days} days after the end"),
    word("cardWhom", "查询、更正、删除,请找:{contact}", "To see, correct or delete it, ask: {contact}"),
    word("cardOptional", "不读也一样能办", "All works without it, too"),
    word("cardAgree", "同意,读身份证", "Yes, read my card"),
    word("cardWithout", "不用证件,直接取号", "No card: take a number"),
    word("cardLay", "请把身份证放在读卡器上", "Please lay your card on the reader"),
    word("cardLayNote", "放好不要动,大约两秒", "Leave it there for about two seconds"),
    word("cardReading", "正在读,请不要拿走", "Reading: please leave it there"),
    word("cardRead", "读到了:{name}", "Read: {name}"),
    word("cardReadNote", "身份证可以拿走了。请核对,再取号", "You can take your card back. Please compare, then take a number"),
    word("cardDoubt", "证件上有一处对不上,请给窗口看证件", "Something on the card does not fit: please show it at the window"),
    word("cardTake", "对,取号", "Right: take a number"),
    word("cardAgain", "再读一次", "Read it again"),
    word("cardNotRead", "没有读成", "It was not read"),
    word("card.brokeOff", "卡拿走了,没关系,请再放一次,或不用卡继续", "The card was taken away: lay it down again, or go on without it"),
    word(
      "card.unclear", "没有读成,可能有两张卡,或卡动了:请只放一张身份证,放稳别动",
      "Not read: there may be two cards, or it was moved. Lay down one identity card only, and leave it there"),
    word("card.refused", "读卡器不认这张卡,请再放一次,或不用卡继续", "The reader does not accept this card: try again, or go on without it"),
    word("card.unknownCard", "这张卡读不了,请不用卡继续", "This card cannot be read: please go on without it"),
    word("card.garbled", "没有读清楚,请再放一次,或不用卡继续", "It was not read clearly: lay it down again, or go on without it"),
    word(
      "card.outOfOrder", "读卡器坏了,已经通知工作人员;请不用卡继续", "The reader is out of order, the staff are told: please go on without a card"),
    word(
      "card.readerAway", "读卡器断开了,正在等它重新接上;也可以不用卡继续",
      "The reader is unplugged, and is waited for: you can also go on without a card"),
    word("card.consentEnded", "等了一分钟没有读到卡,已经停止", "No card came within a minute: it has stopped"),
    word("card.notSealed", "现在不能加密保存,读到的已经清除;请不用卡继续", "It cannot be sealed now, and was erased: please go on without a card"),
    word(
      "cardCut", "读到的没有保存,已经没有了;请再读一次,或不用卡继续", "What was read was not kept and is gone: read it again, or go on without a card"),
    word("cardOver", "读到的已经清除", "What was read is erased"),
    word("seen.socialSecurity", "看到了您的社保卡", "Your social-security card was seen"),
    word("seen.other", "看到了一张卡", "A card was seen"),
    word("seen.dead", "这张卡没有反应", "This card does not answer"),
    word(
      "seenRead.socialSecurity", "只认出是社保卡,卡里的内容没有读,什么也没有保存", "Only its kind was seen: nothing was read from it, nothing is kept"),
    word(
      "seenRead.other", "不认识这种卡,卡里的内容没有读,什么也没有保存", "It is of a kind not known here: nothing was read from it, nothing is kept"),
    word("seenIdentity", "要用证件取号,请改用身份证;不用证件也能取号", "For a number with a card use your identity card; you get one without, too"),
    word("seenWithout", "这里取号不用卡,到窗口再出示", "No card is needed for a number here: show it at the window"),
    word("seenTurn", "可能放反了,请翻个面再试;不用卡也一样能办", "Perhaps it is upside down: turn it over; all works without it, too"),
    word("seenTake", "请把卡收好", "Please take your card with you"),
    word("seenGoOn", "知道了,继续", "Go on"),
  ]

  private static let slips = [
    word("yourNumber", "您的号", "Your number"),
    word("yourCode", "四位码", "Code"),
    word("qr", "号和四位码的二维码", "Number and code as a QR code"),
    word("writeDown", "没有打印:请记下号和四位码,或用手机拍下来", "Nothing was printed: please write number and code down, or take a picture"),
    word("slipPrinted", "号单已打出,请拿好", "Your slip is printed: please take it"),
    word("slipUnknown", "号单可能没有打出,请记下号和四位码", "The slip may not have come out: please write number and code down"),
    word("ahead", "前面还有 {count} 位", "{count} before you"),
    word("aheadNone", "前面没有人", "Nobody is before you"),
    word("waitFor", "请等叫号,到 {windows} 号窗口", "please wait to be called to window {windows}"),
    word("pendingUp", "待上报", "To be sent up"),
    word("nowCalled", "正在叫您:请到 {window} 号窗口", "You are called: please go to window {window}"),
    word("slipDone", "记好了", "I have it"),
  ]

  private static let progress = [
    word("typeNumber", "请按号单上的号,例如 {example}", "Please type the number on your slip, for instance {example}"),
    word("typeCode", "再按号单上的四位码", "Now the four-digit code on your slip"),
    word("typed", "您按的是", "You typed"),
    word("nothingTyped", "还没有按", "nothing yet"),
    word("keypad", "键盘", "Keypad"),
    word("next", "下一步", "Next"),
    word("delete", "删一个", "Delete one"),
    word("look", "查一查", "Look it up"),
    word("standingOf", "{number} 号", "Number {number}"),
    word("rateAsk", "您满意吗?按一下就行", "Are you satisfied? One touch will do"),
    word("face.3", "满意", "Yes"),
    word("face.2", "一般", "Half"),
    word("face.1", "不满意", "No"),
    word("rated", "谢谢,已经记下", "Thank you, it is noted"),
  ]

  private static let hazards = [
    word("whichHazard", "是哪一种问题?", "What kind of problem?"),
    word("whichPlace", "在哪里?", "Where is it?"),
    word("aboutThings", "只说东西和地方,不问您是谁", "About things and places only: nobody asks who you are"),
    word("noHazards", "这里没有登记问题种类,请告诉工作人员", "No kinds are listed here: please tell the staff"),
    word("hazardThanks", "谢谢,已经记下", "Thank you, it is noted"),
    word("hazardNoted", "{kind},{place}", "{kind}, {place}"),
  ]

  private static let leaving = [
    word("stillThere", "您还在吗?", "Are you still there?"),
    word("countdown", "{count} 秒后清除屏幕上的内容", "In {count} seconds all of this is wiped"),
    word("iAmHere", "我还在", "I am still here"),
    word("heldNow", "工作人员在旁,不限时", "The staff are beside you: no time limit"),
    word("heldEnd", "按这里恢复计时", "Press here to end that"),
  ]

  private static let display = [
    word("hallTitle", "叫号", "Calls"),
    word("pleaseCome", "请 {number} 号到 {window} 号窗口", "Number {number}, please go to window {window}"),
    word("nobodyCalled", "还没有叫号", "Nobody is called yet"),
    word("windowColumn", "窗口", "Window"),
    word("numberColumn", "号码", "Number"),
    word("windowNumber", "{window} 号窗口", "Window {window}"),
    word("windowFree", "—", "—"),
    word("newest", "最新叫号", "Newest call"),
    word("currentNumbers", "各窗口正在办理", "At the windows now"),
    word("waitingPeople", "等候人数", "Waiting"),
    word("people", "{count} 人", "{count}"),
    word("hallLost", "连不上主机,以下停在 {time},请听工作人员叫号", "The station cannot be reached: this stopped at {time}. Listen for the staff"),
    word("hallConnecting", "正在连接主机……", "Connecting to the station …"),
    word("soundOff", "没有声音:点这里打开语音", "No sound: press here to turn the voice on"),
    word("noVoice", "这台机器没有语音,请看屏幕", "There is no voice on this machine: please watch the screen"),
  ]

  private static let board = [
    word("noticeTitle", "信息公开", "Public notice"),
    word("servicesTitle", "能办什么", "Services"),
    word("bringTitle", "要带什么", "What to bring"),
    word("flowTitle", "怎么办", "How it goes"),
    word("dutiesTitle", "我们的职责", "What we owe you"),
    word("limitTitle", "答复时限", "Answer within"),
    word("windowsTitle", "在哪里办", "Where"),
    word("nothingListed", "无", "none"),
    word("signedOff", "{by} {date} 审定", "Signed off by {by} on {date}"),
    word("notSignedOff", "还没有审定", "Not signed off yet"),
    word("hazardsTitle", "隐患(只有数字)", "Hazards (numbers only)"),
    word("hazardsReported", "已反映 {count} 件", "{count} reported"),
    word("hazardsHandled", "已处理 {count} 件", "{count} dealt with"),
    word("hazardsOpen", "正在处理 {count} 件", "{count} still open"),
    word("contactTitle", "个人信息查询、更正、删除,请找", "To see, correct or delete your data, ask"),
    word("noContact", "没有登记,请问窗口", "not named here: ask at a window"),
    word("lostPage", "连不上主机,以下停在 {time}", "The station cannot be reached: this stopped at {time}"),
    word("indexTitle", "大厅页面", "Pages in the hall"),
    word("kioskAt", "自助终端 {id}(地点 {place})", "Terminal {id} (place {place})"),
  ]

  /// 本机保存了什么. The numbers come from the station; what stands here says what they are for.
  private static let kept =
    [
      word("keptTitle", "本机保存了什么", "What is kept here"),
      word("keptKind", "种类", "Kind"),
      word("keptCount", "现有", "Now"),
      word("keptFor", "保存多久", "For how long"),
      word("keptPurpose", "为了什么", "What for"),
      word("keptGround", "依据", "On which ground"),
      word("keptMonths", "上级已有后 {months} 个整月", "{months} whole months once the parent has it"),
      word(
        "keptCleared", "昨夜删除({time}):号 {tickets}、事项 {matters}、密钥 {keys}、日志文件 {files}",
        "Deleted last night ({time}): numbers {tickets}, matters {matters}, keys {keys}, files of the log {files}"),
      word(
        "keptNotCleared", "每天夜里三点清除到期的;还没有到过那个时候",
        "What its time is over for is deleted at three every night; none has passed yet"),
      word("keptCounts", "{count} 个", "{count}"),
      word("keptNoCount", "不知道", "Not known"),
      word(
        "keptNot", "不保存:照片、指纹、人脸、录音、您按的四位码。", "Not kept: photographs, fingerprints, faces, recordings, the four digits you type."),
      word("keptUnknown", "现在连不上主机,不知道", "The station cannot be reached: not known now"),
    ] + rules

  /// The table itself is the station's.
  private static let rules = Retention.rules.flatMap { rule in
    [
      word("kept.\(rule.kind.rawValue)", rule.name.chinese, rule.name.english),
      word("keptFor.\(rule.kind.rawValue)", rule.time.chinese, rule.time.english),
      word("keptPurpose.\(rule.kind.rawValue)", rule.purpose.chinese, rule.purpose.english),
      word("keptGround.\(rule.kind.rawValue)", rule.ground.chinese, rule.ground.english),
    ]
  }
}
