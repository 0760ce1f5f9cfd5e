import DeviceVocabulary

/// Words in both languages; pages show Chinese first.
public struct BilingualText: Sendable, Equatable, Codable {
  public var chinese: String
  public var english: String

  public init(_ chinese: String, _ english: String) {
    self.chinese = chinese
    self.english = english
  }
}

/// Why the duty desk's API did not take a request at all; what the station itself refuses is `Refusal`.
public enum RequestFault: String, Sendable, Codable, CaseIterable {
  case malformed, badPath, badBody, unknownField, notFound, wrongMethod, tooSlow, lengthNeeded, bodyTooLarge, targetTooLong
  case notJSON, headersTooLarge, foreignHost, foreignOrigin, tooManyConnections, notReady, stationLost, noAnswer
  case loginNeeded, noRight, notYourPost, notYourMatter, loginWrong, loginLocked, loginEnded, staffFileUnreadable, tooManySessions
  case cardUnknown, cardAskedElsewhere, noCardReader, notConfirmed
}

/// The one catalogue of words for values that people see. What a fault card says is in `FaultTexts.swift` and is listed here, too.
public enum Texts {
  public static func text(_ refusal: Refusal) -> BilingualText {
    switch refusal {
    case .unknownPost: BilingualText("站点配置里没有这个岗位", "The site file has no such post")
    case .unknownIncident: BilingualText("没有这个求助", "There is no such incident")
    case .unknownButton: BilingualText("没有这个呼叫点", "There is no such call point")
    case .unknownFault: BilingualText("没有这个故障,可能已经复测通过", "There is no such fault; it may have passed its re-test")
    case .ownedByAnother: BilingualText("已由别的岗位接警", "Another post has acknowledged it")
    case .notOwner: BilingualText("不是由本岗位负责,不能操作", "This post does not own the incident")
    case .notAcknowledged: BilingualText("还没有接警,请先接警", "Not acknowledged yet: acknowledge it first")
    case .alreadyDone: BilingualText("已经是这样,这一步做过了", "It is so already: this step has been done")
    case .alreadyClosed: BilingualText("已经结案", "The incident is closed already")
    case .notOnScene: BilingualText("还没有到场,请先点“已到场”", "Nobody is on scene yet: say so first")
    case .notResolved: BilingualText("还没有处置,请先填写处置情况", "Not resolved yet: resolve it with a note first")
    case .offerToSelf: BilingualText("不能移交给自己", "It cannot be handed over to the same post")
    case .noOffer: BilingualText("没有待接收的移交,可能已经超时", "No hand-over is offered; it may have expired")
    case .offeredToAnother: BilingualText("这次移交是给别的岗位的", "The hand-over is offered to another post")
    case .offerStands: BilingualText("已有一次移交在等待答复", "A hand-over is waiting for an answer already")
    case .reasonNeeded: BilingualText("请写明原因或情况", "A reason or note is needed")
    case .noteTooLong: BilingualText("文字太长,最多 500 字", "The text is too long: at most 500 characters")
    case .bypassTooLong: BilingualText("停用时间应为 1 至 480 分钟", "A bypass lasts 1 to 480 minutes")
    case .notBypassed: BilingualText("这个呼叫点没有停用", "This call point is not bypassed")
    case .unknownKiosk: BilingualText("站点配置里没有这台自助终端", "The site file has no such terminal")
    case .unknownService: BilingualText("没有这项服务", "There is no such service")
    case .unknownWindow: BilingualText("没有这个窗口", "There is no such window")
    case .unknownTicket: BilingualText("今天没有这个号", "There is no such number today")
    case .unknownMatter: BilingualText("没有这件事,或已过保存期限", "There is no such matter, or its days are over")
    case .unknownHazard: BilingualText("没有这类隐患", "There is no such kind of hazard")
    case .unknownPlace: BilingualText("站点配置里没有这个地点", "The site file has no such place")
    case .noVisits: BilingualText("本站点没有办事窗口", "This station has no windows")
    case .nobodyWaits: BilingualText("现在没有人等候", "Nobody is waiting")
    case .windowBusy: BilingualText("窗口还有人,请先办完、暂存或跳过", "Somebody is at this window: finish, park or skip first")
    case .windowEmpty: BilingualText("窗口没有人,请先叫号", "Nobody is at this window: call a number first")
    case .notAtThisWindow: BilingualText("这个窗口不办这项服务", "This window does not give that service")
    case .notThisPostsWindow: BilingualText("这不是本岗位的窗口", "This window is another post's")
    case .notThisPostsTicket:
      BilingualText("这个号不在本岗位的窗口,事情也不由本岗位负责,不能补号单", "This number is neither at this post's window nor is its matter this post's")
    case .notServed: BilingualText("还没有开始办理,请先点“开始办理”", "Not being served yet: say first that the visitor has come")
    case .wrongCode:
      BilingualText(
        "号码或四位码不对,请看号单再试;也可以请工作人员帮忙", "The number or its code is not right: look at the slip and try again, or ask for help")
    case .tooManyTries: BilingualText("试得太多了,请过一会儿再试,或请工作人员帮忙", "Too many tries: wait a while, or ask for help")
    case .codeTaken: BilingualText("四位码重复,请再取一次", "The code is in use: take it again")
    case .codeReissued:
      BilingualText(
        "号单补过,窗口见过这个四位码,不能用它评价;回访时会问您", "A window has seen this code: it does not rate. You will be asked when called back")
    case .noWall: BilingualText("本站没有大屏", "This station has no display wall")
    case .unknownScene: BilingualText("没有这个预案", "There is no such scene")
    case .unknownLayout: BilingualText("没有这个画好的布局", "There is no such drawn layout")
    case .unknownSource: BilingualText("没有这个信号源", "There is no such source")
    case .nothingToShow:
      BilingualText(
        "这一路没有可借来显示的信号源:请在 sources 里加一个不敏感的(如 kind: test),接到同一台矩阵",
        "no source can be borrowed for this output: add one that is not sensitive (kind: test) at the same matrix")
    case .outputUnreachable:
      BilingualText("这一路的设备现在用不了,亮不出来", "its device cannot be used now, so that nothing can be shown there")
    case .displayIsOff: BilingualText("这块屏关着,亮不出来:先让它开", "its display is off: have it switched on first")
    case .doesNotTurn:
      BilingualText("这个信号源不能转动:站点文件里要写 onvif", "This source cannot be turned: the site file must give its onvif address")
    case .unknownPreset: BilingualText("预置位的名称应为 1 至 40 个字", "A preset's name has 1 to 40 characters")
    case .unknownOutput: BilingualText("没有这个输出", "There is no such output")
    case .unknownPin: BilingualText("这个画面已经收回", "This picture is taken off already")
    case .layoutWrong:
      BilingualText(
        "布局有错:区域重叠、超出大屏,或信号到不了那里", "The layout is wrong: regions overlap, reach beyond the wall, or the picture cannot come there"
      )
    case .tooManyLayouts: BilingualText("画的布局太多,先删掉不用的", "Too many drawn layouts: remove some first")
    case .listChanged: BilingualText("清单变了,请再看一遍", "The list has changed: read it once more")
    case .layoutChanged: BilingualText("别人刚改过,请重新打开", "Somebody has changed it meanwhile: open it again")
    case .layoutNamesScene:
      BilingualText(
        "站点文件里的预案用着这个代号,这样的布局永远放不上去:换一个代号(字母、数字、- 和 _)",
        "A scene of the site file has this id, and the layout could never be put up: choose another one (letters, digits, - and _)"
      )
    case .namesNeeded:
      BilingualText("请写交班人和接班人,各 1 至 20 个字", "Give who goes and who comes, 1 to 20 characters each")
    case .sameName: BilingualText("交班人和接班人不能是同一个人", "Who goes and who comes must be two people")
    case .pinOverlaps:
      BilingualText(
        "和手动放上的画面重叠:先收回那一个,或换一块地方", "It overlaps a picture that was put up by hand: take that off first, or choose another place")
    case .sourceDoesNotReach: BilingualText("这个信号源到不了所选的屏", "This source cannot reach the chosen outputs")
    case .cannotSpan:
      BilingualText(
        "所选的屏不能合成一个画面(屏不支持拼接、跨了两台设备或太大)",
        "The chosen outputs cannot share one picture (displays that do not, two devices, or too many)")
    case .visitorsPresent: BilingualText("参观模式下不能打开这个画面", "Not while visitors are here")
    case .terminalSilent: BilingualText("这台自助终端没有运行", "This terminal is not running")
    case .noReader: BilingualText("这台机器没有读卡器,不用证件也能取号", "This terminal has no card reader: a number is given without a card")
    case .cardIsOver:
      BilingualText("读到的证件内容已经清除,请再放一次,或不用证件取号", "What was read of the card is erased: lay it down again, or go on without it")
    case .slipOfAnother:
      BilingualText("这张号单不是这台机器刚才给出的,不能改它的打印情况", "This terminal did not give that slip just now: it cannot say what became of it")
    case .ticketsExhausted: BilingualText("今天的号已经取完", "All numbers of today are taken")
    case .tooManyMatters: BilingualText("未结的事太多,请先结案", "Too many matters are kept here: close some first")
    case .noMatter: BilingualText("还没有登记事项,联系方式只随事项保存", "No matter is open: a contact is kept with a matter only")
    case .noContact: BilingualText("这位来访人没有留下个人信息", "This visitor has left no personal data")
    case .closedHere:
      BilingualText(
        "本站已经打不开:事情已移交、办完,或程序重启过;只有指定的单位能打开",
        "This station cannot open it any more: handed over, done, or the program was restarted; only the body named in sealTo can"
      )
    case .notSealing:
      BilingualText(
        "现在不能保存个人信息:没有设置 sealTo,或密钥库不能用",
        "No personal data can be kept now: there is no sealTo, or the key database cannot be used")
    case .notResulted: BilingualText("还没有结果", "There is no result yet")
    case .notCalledBack: BilingualText("还没有回访或评价,不能结案", "Not called back nor rated yet: it cannot be closed")
    case .ratingOutOfRange: BilingualText("评价只能是 1、2、3", "A rating is 1, 2 or 3")
    case .unknownChild: BilingualText("站点配置里没有这个下级站点", "The site file has no such station below")
    case .childNeverConnected:
      BilingualText(
        "这个下级站点已登记,但从未连接过;先让它入网(linli pki invite、linli enroll),再看它的程序和网络",
        "This station below is known, but has never connected: enrol it (linli pki invite, linli enroll), then see to its program and network"
      )
    case .commandUnderWay: BilingualText("已经发出,等待下级站点答复", "It has been sent already and waits for the station's answer")
    case .mayBeKnownBelow:
      BilingualText(
        "站点还没有答复说不认识这个求助:请先在这里点一步(例如接警),它答“没有这个求助”后才能在本级结案",
        "Its station has not answered that it does not know this call: ask it first (for instance to acknowledge); only then it can be closed here"
      )
    case .tooManyWishes:
      BilingualText(
        "大屏切换太快,这一次没有执行:每个岗位每秒最多 \(CommandRate.ofWallPost.perSecond) 次,请慢一些再试",
        "Too many wishes for the wall: this one was not carried out; a post has \(CommandRate.ofWallPost.perSecond) a second, try again more slowly"
      )
    case .stationBusy: BilingualText("站点太忙,没有执行,请再试", "The station is too busy: nothing was done, try again")
    case .stillPresent: BilingualText("故障还在,复测没有通过", "The fault is still there: the re-test did not pass")
    }
  }

  /// What is said of a step that waits for the disk.
  public static let unrecorded = BilingualText(
    "日志写不进磁盘,这一步还没有记录;磁盘恢复后会补记,请到时核对",
    "The journal cannot be written: this step is not recorded yet; it will be when the disk recovers, check then")

  /// ... and of one of which nothing was heard in time.
  public static let late = BilingualText(
    "站点 5 秒内没有答复,可能稍后才办好:请先看是否已办,再决定要不要重做;不清楚请问工作人员",
    "The station has not answered within 5 s and may do it later: see whether it is done before you ask again, or ask the staff")

  public static func text(_ condition: ReceiverCondition) -> BilingualText {
    switch condition {
    case .unknown: BilingualText("尚未联系", "Not asked yet")
    case .answering: BilingualText("应答正常", "Answers")
    case .silent: BilingualText("没有应答", "Does not answer")
    case .refusing: BilingualText("拒收", "Refuses")
    case .misses: BilingualText("有消息未被受理", "Did not understand a message")
    case .unfed: BilingualText("读不出日志", "The journal cannot be read for it")
    }
  }

  /// A fault's detail, for whoever reads it in either language.
  static let neverConnected = "已登记,但从未连接过,需先入网 / known, but has never connected: enrol it"

  /// Why a command to a station below came to nothing; `nil`: it was not answered.
  public static func failure(_ result: CommandResult?) -> BilingualText {
    switch result {
    case .refused(let refusal): text(refusal)
    case .expired, .done: BilingualText("到达时已过时限,没有执行", "It arrived after its time to live: nothing was done")
    case nil: BilingualText("下级站点没有答复,不知是否已执行", "The station did not answer; it is not known whether it was done")
    }
  }

  public static func text(_ state: PathStatus.State) -> BilingualText {
    switch state {
    case .connecting: BilingualText("正在连接", "connecting")
    case .up: BilingualText("正常", "up")
    case .degraded: BilingualText("不稳定", "degraded")
    case .down: BilingualText("不通", "down")
    case .refused: BilingualText("被上级拒绝", "refused by the parent")
    }
  }

  public static func text(_ state: DeskView.ChildCard.State) -> BilingualText {
    switch state {
    case .never: BilingualText("从未连接", "never connected")
    case .unknown: BilingualText("尚未联系", "not heard yet")
    case .up: BilingualText("正常", "up")
    case .degraded: BilingualText("线路降级", "degraded")
    case .lost: BilingualText("失联", "lost")
    }
  }

  public static func text(_ stage: DeskView.HandOverCard.Stage) -> BilingualText {
    switch stage {
    case .sent: BilingualText("已发出,站点还没有答复", "Sent, the station has not answered yet")
    case .offered: BilingualText("等待接收", "Waiting to be accepted")
    case .accepted: BilingualText("已接收,等待到场", "Accepted, nobody on scene yet")
    case .onScene: BilingualText("已到场,等待处置", "On scene, not resolved yet")
    case .resolved: BilingualText("已处置,等待结案", "Resolved, to be closed")
    case .refused: BilingualText("不接收,已退回", "Refused: it came back")
    case .unanswered: BilingualText("无人接收,已退回", "Nobody accepted it: it came back")
    case .failed: BilingualText("没有办成", "It came to nothing")
    }
  }

  public static func text(_ due: DeskView.HandOverCard.Due) -> BilingualText {
    switch due {
    case .answer: BilingualText("答复", "answer")
    case .onScene: BilingualText("到场", "on scene")
    case .resolve: BilingualText("处置", "resolve")
    case .decision: BilingualText("重新处理", "decide anew")
    }
  }

  public static func text(_ phase: Phase) -> BilingualText {
    switch phase {
    case .opened: BilingualText("等待接警", "Waiting for acknowledgement")
    case .acknowledged: BilingualText("已接警", "Acknowledged")
    case .onScene: BilingualText("已到场", "On scene")
    case .resolved: BilingualText("已处置", "Resolved")
    case .closed: BilingualText("已结案", "Closed")
    }
  }

  public static func text(_ mark: Mark) -> BilingualText {
    switch mark {
    case .real: BilingualText("求助", "Call for help")
    case .test: BilingualText("测试", "Test")
    case .drill: BilingualText("演练", "Drill")
    }
  }

  /// What the lamp of a call point shows, and what it tells the resident.
  public static func text(_ indicator: Indicator) -> BilingualText {
    switch indicator {
    case .off: BilingualText("灭", "Off")
    case .fastBlink: BilingualText("快闪:已按下", "Fast blink: pressed")
    case .slowBlink: BilingualText("慢闪:已记录", "Slow blink: recorded")
    case .steady: BilingualText("常亮:上级已收到", "Steady: the centre has it")
    case .coming: BilingualText("常亮带提示音:有人来了", "Steady with sound: someone is coming")
    case .fault: BilingualText("故障闪:此处失灵", "Fault pattern: out of order")
    }
  }

  public static func text(_ health: Health) -> BilingualText {
    switch health {
    case .absent: BilingualText("不在", "Absent")
    case .opening: BilingualText("正在打开", "Opening")
    case .identifying: BilingualText("正在识别", "Identifying")
    case .online: BilingualText("在线", "Online")
    case .stale: BilingualText("失联", "Not answering")
    case .faulted: BilingualText("应答错误", "Answers wrongly")
    }
  }

  public static func text(_ sound: DeskView.Sound) -> BilingualText {
    switch sound {
    case .none: BilingualText("无声", "Quiet")
    case .fault: BilingualText("故障提示音", "Fault tone")
    case .call: BilingualText("求助警铃", "Call alarm")
    }
  }

  public static func text(_ condition: DeskView.JournalStatus.Condition) -> BilingualText {
    switch condition {
    case .healthy: BilingualText("日志正常", "The journal works")
    case .callsOnly: BilingualText("磁盘快满了,现在只记录求助", "The disk is nearly full: only calls are recorded")
    case .failed: BilingualText("日志写不进磁盘,新的求助没有记录", "The journal cannot be written: new calls are not recorded")
    }
  }

  public static func text(_ fault: RequestFault) -> BilingualText {
    switch fault {
    case .malformed: BilingualText("请求不是合格的 HTTP", "The request is not well-formed HTTP")
    case .badPath: BilingualText("地址里的编号不对", "A number or name in the address is wrong")
    case .badBody: BilingualText("请求内容不对", "The request body is wrong")
    case .unknownField: BilingualText("请求里有不认识的字段", "The request has an unknown field")
    case .notFound: BilingualText("没有这个地址", "There is no such address")
    case .wrongMethod: BilingualText("这个地址不接受这种方法", "This address does not take this method")
    case .tooSlow: BilingualText("请求发得太慢,已断开", "The request came too slowly and was cut off")
    case .lengthNeeded: BilingualText("请求必须写明 Content-Length", "The request must state its Content-Length")
    case .bodyTooLarge: BilingualText("请求内容太大", "The request body is too large")
    case .targetTooLong: BilingualText("地址太长", "The address is too long")
    case .notJSON: BilingualText("请求内容必须是 JSON", "The request body must be JSON")
    case .headersTooLarge: BilingualText("请求头太大", "The request headers are too large")
    case .foreignHost: BilingualText("只接受用本机名称访问", "Only the names of this computer itself are served")
    case .foreignOrigin: BilingualText("不接受来自别的网页的操作", "Requests from another site's page are not taken")
    case .tooManyConnections: BilingualText("连接太多,请关闭不用的页面", "Too many connections: close pages that are not needed")
    case .notReady: BilingualText("站点正在启动,请稍候", "The station is starting: wait a moment")
    case .stationLost: BilingualText("站点程序没有响应,操作没有执行", "The station does not respond: nothing was done")
    case .loginNeeded: BilingualText("请先登录", "Log in first")
    case .noRight: BilingualText("您的角色不能做这一步", "Your role may not do this")
    case .notYourPost: BilingualText("您不能代这个岗位操作", "You may not act for this post")
    case .notYourMatter: BilingualText("这件事不归这个岗位,也没有移交给它", "The matter is not this post's, and not offered to it")
    case .loginWrong: BilingualText("编号或密码不对", "The id or the PIN is wrong")
    case .cardUnknown: BilingualText("这张卡不是本站的工卡", "This card is nobody's of the staff here")
    case .notConfirmed:
      BilingualText(
        "本站没有员工账号,没有密码可问:请再确认一次参观的人都已离开",
        "There are no accounts here and so no code to ask for: confirm once more that the visitors have left")
    case .cardAskedElsewhere: BilingualText("另一个页面正在等刷卡", "Another page waits for the card now")
    case .noCardReader: BilingualText("读卡器没有准备好,请用密码登录", "The card reader is not ready: log in with the PIN")
    case .loginLocked: BilingualText("密码错了太多次,请 15 分钟后再试", "Too many wrong PINs: try again in 15 minutes")
    case .loginEnded: BilingualText("这个编号已停用或到期,请找管理员", "This id is disabled or its time is over: ask who manages the accounts")
    case .staffFileUnreadable:
      BilingualText(
        "员工文件读不了,谁也不能登录,请技术员查看 linli staff list", "The staff file cannot be read, so nobody can log in: run linli staff list")
    case .tooManySessions: BilingualText("登录的人太多,请先退出别处的登录", "Too many are logged in: log out elsewhere first")
    case .noAnswer:
      BilingualText("站点没有及时答复,不知道是否已执行,请看页面", "The station did not answer in time; look at the page whether it was done")
    }
  }

  public static func text(_ quantity: Quantity) -> BilingualText {
    switch quantity {
    case .supplyMillivolts: BilingualText("供电电压", "Supply voltage")
    case .upTimeSeconds: BilingualText("运行时间", "Up time")
    case .temperatureTenthsCelsius: BilingualText("温度", "Temperature")
    case .roundTripMicroseconds: BilingualText("往返时间", "Round trip")
    case .errorsPerThousand: BilingualText("差错率", "Errors")
    }
  }

  /// Every value of the catalogue: kind, then raw value, then words. In a fixed order.
  public static var catalogue: [(kind: String, words: [(key: String, text: BilingualText)])] {
    [
      ("refusal", Refusal.allCases.map { ($0.rawValue, text($0)) }),
      ("phase", Phase.allCases.map { ($0.rawValue, text($0)) }),
      ("mark", Mark.allCases.map { ($0.rawValue, text($0)) }),
      ("indicator", Indicator.allCases.map { (String($0.rawValue), text($0)) }),
      ("health", Health.allCases.map { ($0.rawValue, text($0)) }),
      ("sound", [DeskView.Sound.none, .fault, .call].map { ($0.rawValue, text($0)) }),
      ("journal", [DeskView.JournalStatus.Condition.healthy, .callsOnly, .failed].map { ($0.rawValue, text($0)) }),
      ("receiver", ReceiverCondition.allCases.map { ($0.rawValue, text($0)) }),
      ("fault", FaultKey.Kind.allCases.map { ($0.rawValue, BilingualText($0.text.whatChinese, $0.text.whatEnglish)) }),
      ("advice", FaultKey.Kind.allCases.map { ($0.rawValue, BilingualText($0.text.adviceChinese, $0.text.adviceEnglish)) }),
      ("handOver", DeskView.HandOverCard.Stage.allCases.map { ($0.rawValue, text($0)) }),
      ("due", DeskView.HandOverCard.Due.allCases.map { ($0.rawValue, text($0)) }),
      ("quantity", Quantity.allCases.map { ($0.rawValue, text($0)) }),
      ("request", RequestFault.allCases.map { ($0.rawValue, text($0)) }),
    ] + visitCatalogue
  }
}
