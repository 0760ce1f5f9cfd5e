import DeviceVocabulary

extension WallRefusal {
  /// For a card's detail: what the device did, and what that means as a rule.
  public var text: String {
    switch self {
    case .unchanged: Self.unchanged(nil)
    case .refused(let code): "设备拒绝: \(code.prefix(40)) / refused by the device: \(code.prefix(40))"
    case .unanswered: "设备没有应答这条命令 / the device does not answer this command"
    case .contested: "切换后又被别的控制器换走 / switched as asked, and each time to something else since, by another controller"
    case .impossible(let what):
      Self.impossible(what).map { "\($0.chinese) / \($0.english)" }
        ?? "设备没有这一路,或放不出来: \(what.prefix(40)) / the device has no such input or output, or cannot show it: \(what.prefix(40))"
    }
  }

  /// What a driver says of it, in words; a device's own code stays what it is.
  private static func impossible(_ what: String) -> (chinese: String, english: String)? {
    let words = what.split(separator: " ").map(String.init)
    switch (words.first, words.count) {
    case ("no"?, 3...) where words[1] == "input" || words[1] == "output":
      let side = words[1] == "input" ? "输入" : "输出"
      guard words.count == 5, words[3] == "of" else {
        return ("设备没有\(side) \(words[2])", "the device has no \(words[1]) \(words[2])")
      }
      return (
        "设备没有\(side) \(words[2]),它说自己有 \(words[4]) 路", "the device has no \(words[1]) \(words[2]): it says it has \(words[4])"
      )
    case ("no"?, 3) where words[1] == "such": return ("设备没有这个编号", "the device has no such number")
    case ("input"?, 2): return ("设备没有输入 \(words[1])", "the device has no input \(words[1])")
    case ("an"?, _) where what.hasSuffix("without an input"): return ("它的输出不能断开", "its outputs cannot be left without an input")
    case (let code?, 2...) where code.first == "E" && code.last?.isNumber == true:
      return ("设备没有这一路,它的回答是 \(code)", "the device has no such input or output: \(what.prefix(40))")
    default: return nil
    }
  }

  /// ... and what the port was read to be since.
  func text(_ readBack: WallSetting) -> String {
    guard self == .unchanged else { return text }
    switch readBack {
    case .route(let input): return Self.unchanged(("输入 \(input)", "input \(input)"))
    case .display(let display):
      guard display.isOn else { return Self.unchanged(("待机", "standby")) }
      return Self.unchanged(display.input.map { ("\($0.prefix(40))", "\($0.prefix(40))") })
    case .picture: return text
    }
  }

  private static func unchanged(_ readBack: (chinese: String, english: String)?) -> String {
    let (chinese, english) = readBack.map { (",读到的是 \($0.chinese)", "; it says \($0.english)") } ?? ("", "")
    return "已应答但没有切换,可能被锁定\(chinese) / acknowledged and unchanged: locked, most likely\(english)"
  }
}

extension WallChange {
  /// For whoever reads the journal: who sees what, why, and how long.
  public var text: String {
    switch self {
    case .sceneChosen(nil, let post): "大屏按时间表,\(post) / scene by the clock"
    case .sceneChosen(let scene?, let post): "大屏换到 \(scene),\(post) / scene"
    case .meetingBegan(let scene, let post, _): "大屏会议 \(scene) 开始,\(post) / meeting begins"
    case .meetingEnded(let post): "大屏会议结束,\(post) / meeting ends"
    case .pinned(let pin):
      "\(pin.post) 把 \(pin.source) 放上大屏 \(pin.cells.column),\(pin.cells.row) \(pin.cells.width)x\(pin.cells.height)"
        + (pin.reason.map { ",原因: \($0)" } ?? "") + (pin.seconds.map { ",\($0) s" } ?? "") + " / put up by hand"
    case .renewed(let id, let post): "\(post) 续看 #\(id) / renewed"
    case .unpinned(let id, nil): "#\(id) 到时收回 / its time is over"
    case .unpinned(let id, let post?): "\(post) 收回 #\(id) / taken off"
    case .visitors(let isOn, let post): isOn ? "参观模式开始,\(post) / visitors come" : "参观模式结束,\(post) / visitors have left"
    case .disarmed(_, _, let post): "停用自动切换,\(post) / disarmed"
    case .armed(let isOn, let post): isOn ? "恢复自动切换,\(post) / armed" : "停用自动切换,\(post) / disarmed"
    case .layoutSaved(let layout, let post, let reason):
      "\(post) 保存布局 \(layout.id)" + (reason.map { ",原因: \($0)" } ?? "") + " / layout saved"
    case .layoutUndone(let id, let post, let reason, let scene):
      "\(post) 撤销布局 \(id) 的上次保存" + (scene == nil ? "" : ",它的预案没有了,按时间表") + " / layout undone"
        + (scene == nil ? "" : ", its scene is no more: by the clock") + (reason.map { ": \($0)" } ?? "")
    case .layoutViewed(let id, let post, let reason):
      "\(post) 看布局 \(id) 里不对外的画面,原因: \(reason),\(Station.viewSeconds) s / drawn layout viewed"
    case .layoutViewEnded(let id): "布局 \(id) 里不对外的画面到时收回 / its time is over"
    case .callShown(let call, let source, let outputs):
      "求助 \(call.text) 的 \(source) 上大屏输出 \(outputs.map(String.init).joined(separator: ",")) / shown for the call"
    case .turned(let turn):
      (turn.post ?? turn.call.map { "求助 \($0.text)" } ?? "") + " 把 \(turn.source) 转到 \(turn.preset)"
        + (turn.reason.map { ",原因: \($0)" } ?? "") + " / camera turned"
    case .turnRefused(let source, let post, let refusal):
      "\(post) 要转 \(source),没有办: \(Texts.text(refusal).chinese) / not turned: \(Texts.text(refusal).english)"
    case .callHidden(let call, let source): "求助 \(call.text) 的 \(source) 撤下大屏 / no longer shown for the call"
    case .viewRefused(let source, let post, let refusal):
      "\(post) 想看 \(source),没有打开: \(Texts.text(refusal).chinese) / not shown: \(Texts.text(refusal).english)"
    case .wishesRefused(let post, let count):
      "\(post) 一分钟内有 \(count) 次切换太快,没有执行 / \(count) wishes within a minute came too fast and were not carried out"
    case .identified(let output, let seconds, let post):
      "\(post) 让输出 \(output) 亮出自己 \(seconds) s / output asked to show which it is"
    case .shiftSigned(let shift):
      "\(shift.from) 交班给 \(shift.to),"
        + (shift.isTyped == true ? "未登录,姓名为手填 (not logged in, names as typed)" : "双方签字")
        + ";未结求助 \(shift.calls.count),故障 \(shift.faults.count),旁路 \(shift.bypassed.count) / change of shift"
    }
  }

  /// The call for whose sake this was done.
  public var call: WallCall? {
    switch self {
    case .callShown(let call, _, _), .callHidden(let call, _): call
    case .turned(let turn): turn.call
    default: nil
    }
  }
}

extension Change {
  /// The call for whose sake the wall was switched.
  public var wallCall: WallCall? { if case .wall(let change) = self { change.call } else { nil } }
}

extension WallCall {
  /// `#3`, or `tiexi-03 #3`.
  public var text: String { (station.map { "\($0) " } ?? "") + "#\(id)" }
}

extension FaultKey {
  /// About an output or a device of the wall, or a source that gives no picture: they are asked all the time, so that nobody has to be heard
  /// of before a re-test counts.
  var isRetestedOnTheWall: Bool {
    switch subject {
    case .output, .wall: true
    case .source: kind == .sourceDead
    default: false
    }
  }
}

extension FaultKey.Kind {
  /// The cards of an output that is not what is wished: what is to be done depends on why.
  static let ofRefusals: [FaultKey.Kind] = [
    .outputNotSwitched, .outputRefused, .outputCannot, .outputUnanswered, .outputContested,
  ]

  static func of(_ refusal: WallRefusal) -> FaultKey.Kind {
    switch refusal {
    case .unchanged: .outputNotSwitched
    case .refused: .outputRefused
    case .impossible: .outputCannot
    case .unanswered: .outputUnanswered
    case .contested: .outputContested
    }
  }

  /// The card of what is the matter with a display.
  static func of(_ trouble: WallTrouble) -> FaultKey.Kind {
    switch trouble {
    case .fan: .displayFan
    case .temperature: .displayTemperature
    case .lamp: .displayLamp
    case .cover: .displayCover
    case .filter: .displayFilter
    case .sensor: .displaySensor
    case .other: .displayOther
    case .noSignal: .displayNoSignal
    case .password: .displayPassword
    case .address: .displayAddress
    }
  }

  /// Cards of the display wall.
  var wallText: FaultText {
    switch self {
    case .wallSilent:
      FaultText(
        "大屏设备没有应答", "A device of the wall does not answer", "按说明里的原因查:电源、网线或串口线、地址、端口、编号;恢复后画面自己回来",
        "Follow the reason in the detail: power, cable, address, port, number; its pictures come back by themselves")
    case .wallAnswersWrongly:
      FaultText(
        "大屏设备有数据发来,但不能用", "What a device of the wall sends is of no use", "按说明里的原因查:型号、协议、地址、端口、线;恢复后画面自己回来",
        "Follow the reason in the detail: model, protocol, address, port, cable; its pictures come back by themselves")
    case .wallNetworkSilent:
      FaultText(
        "交换机失联,它后面的大屏设备都没有应答", "A switch is lost: none of the wall's devices behind it answers",
        "看交换机、插线板和到机房的网线;恢复后画面自己回来",
        "See to the switch, the power strip and the cable to them; the pictures come back by themselves")
    case .wallPassword:
      FaultText(
        "大屏设备要口令,或口令不对", "A device of the wall wants a password, or another one", "核对站点文件里的 password;改好后重启程序",
        "Compare the password of the site file; restart the program when it is right")
    case .outputNotSwitched:
      FaultText(
        "大屏输出未切换", "An output of the wall did not switch", "看设备面板或遥控器是否锁定了这一路;解锁后复测",
        "See whether its front panel or a remote control has locked it; unlock it, then re-test")
    case .outputRefused:
      FaultText(
        "大屏设备拒绝切换输出", "A device of the wall refuses to switch an output", "按说明里的代码查它的手册:可能没有这个输入、正在开机,或面板已锁定;处理后复测",
        "Look its code up in the manual: it may lack this input, be starting, or be locked; then re-test")
    case .outputCannot:
      FaultText(
        "大屏设备放不出站点文件里写的这一路", "A device of the wall cannot show what the site file gives",
        "按说明里的原因查:输入或输出与设备背板核对,地址与信号源核对;改好站点文件后重启程序",
        "Follow the reason in the detail: compare inputs and outputs with the back of the device, an address with its source; mend the site file, restart the program"
      )
    case .outputUnanswered:
      FaultText(
        "大屏输出的设备没有应答这条命令", "The device of an output does not answer this command", "看它是否通电;一条线上有几块屏时,用遥控器核对它的 ID;处理后复测",
        "See whether it has power; of several on one line compare its ID by the remote control; then re-test")
    case .outputContested:
      FaultText(
        "有别的控制器在换大屏的这一路", "Another controller switches an output of the wall, too",
        "找出它(中控、矩阵自带的定时、另一台运行本程序的电脑),停掉或让它放开这一路;停一分钟没有再换,本条自己消失",
        "Find it (a control system, a schedule in the matrix, another PC with this program) and stop it; the card goes a minute after the last time"
      )
    case .outputNotHeard:
      FaultText(
        "大屏的声音没有切换", "The wall's sound did not switch", "看信号源有没有声音、屏或电脑有没有喇叭;画面不受影响",
        "See whether the source has sound and the display or PC a loudspeaker; the picture is as it should be")
    case .pictureFrozen:
      FaultText(
        "大屏画面不动了", "A picture of the wall stands still", "看信号源是否卡住;重启摄像机或播放机",
        "See whether its source hangs; restart the camera or player")
    case .pictureBlack:
      FaultText(
        "大屏画面是黑的", "A picture of the wall is black", "检查信号源的电源、网线和地址", "Check the source's power, its cable and address")
    case .pictureNotOpened:
      FaultText(
        "大屏上有一个信号源打不开", "A source cannot be opened on the wall", "按说明里的原因查:信号源的地址、网络、密码和格式,或播放机的显示和窗口;能播放后自己消失",
        "Follow the reason in the detail: the source's address, network, password, format, or its player's display and window; it goes when it plays"
      )
    case .sourceDead:
      FaultText(
        "信号源没有画面", "A source gives no picture", "检查摄像机的电源、网线、地址和密码", "Check the camera's power, cable, address and password")
    case .sourceNotTurned:
      FaultText(
        "摄像机没有转过去", "A camera did not turn", "画面照常,只是朝向不对;看摄像机的预置位名称、密码和云台",
        "The picture comes as ever and may look elsewhere; see the camera's preset names, its password and its motor")
    case .displayFan:
      FaultText(
        "屏幕风扇有故障", "A display's fan has failed", "尽快检修;过热前可先关掉这块屏",
        "Have it repaired soon; switch this display off before it overheats")
    case .displayTemperature:
      FaultText(
        "屏幕温度过高", "A display is too hot", "检查通风和风扇;必要时先关掉这块屏", "Check ventilation and fan; switch this display off if need be")
    case .displayLamp:
      FaultText(
        "投影灯泡或背光有故障", "A lamp or back light has failed", "更换灯泡,或请厂家检修背光", "Change the lamp, or have the back light repaired")
    case .displayCover:
      FaultText("投影机盖子开着", "A projector's cover is open", "合上盖子", "Close its cover")
    case .displayFilter:
      FaultText("投影机滤网该清洁了", "A projector's filter wants cleaning", "取下滤网清洁或更换", "Take the filter out and clean or change it")
    case .displaySensor:
      FaultText(
        "屏幕的亮度传感器有故障", "A display's brightness sensor has failed", "画面照常;下次检修时更换",
        "Its picture is as ever; change it with the next service")
    case .displayOther:
      FaultText("屏幕自报有故障", "A display reports a failure", "看屏幕上的提示,联系厂家", "See what it shows on its screen; call the maker")
    case .displayNoSignal:
      FaultText(
        "屏幕没有收到信号", "A display receives no signal", "检查到这块屏的视频线和矩阵输出",
        "Check the video cable to this display and the matrix output")
    case .displayPassword:
      FaultText(
        "屏幕要密码,或密码不对", "A display wants a password, or another one", "核对站点文件里的 password;改好后重启程序",
        "Compare the password of the site file; restart the program when it is right")
    case .displayAddress:
      FaultText(
        "屏幕编号不对,或两块屏编号相同", "A display has another number, or two have the same", "用遥控器核对每块屏的 ID,与站点文件一致后复测",
        "Compare each display's ID by its remote control with the site file, then re-test")
    default: FaultText("大屏故障", "A fault of the wall", "联系技术人员", "Call the technician")
    }
  }
}
