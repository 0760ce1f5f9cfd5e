import DeviceVocabulary

extension WallRefusal {
  /// For a card's detail: what the device did, and what that means as a rule.
  public var text: String {
    switch self {
    case .unchanged: "已应答但没有切换,可能被锁定 / acknowledged and unchanged: locked, most likely"
    case .refused(let code): "设备拒绝 / refused by the device: \(code.prefix(40))"
    case .unanswered: "设备没有应答这条命令 / the device does not answer this command"
    case .impossible(let what): "设备没有这个输入或输出 / the device has no such input or output: \(what.prefix(40))"
    }
  }
}

extension FaultKey {
  /// The output that the fault is about, if it is about one.
  var output: Int? { if case .output(let number) = subject { number } else { nil } }
}

extension FaultKey.Kind {
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
        "大屏设备没有应答", "A device of the wall does not answer", "看它是否通电、网线或串口线是否插好,核对地址和波特率;恢复后画面自己回来",
        "See whether it has power and its cable is in; check address and baud rate; its pictures come back by themselves")
    case .wallAnswersWrongly:
      FaultText(
        "大屏设备应答看不懂", "What a device of the wall answers makes no sense", "核对型号、协议、端口和波特率是否与站点文件一致",
        "Compare model, protocol, port and baud rate with the site file")
    case .outputNotSwitched:
      FaultText(
        "大屏输出未切换", "An output of the wall did not switch", "看设备面板或遥控器是否锁定了这一路;解锁后复测",
        "See whether its front panel or a remote control has locked it; unlock it, then re-test")
    case .pictureFrozen:
      FaultText(
        "大屏画面不动了", "A picture of the wall stands still", "看信号源是否卡住;重启摄像机或播放机",
        "See whether its source hangs; restart the camera or player")
    case .pictureBlack:
      FaultText(
        "大屏画面是黑的", "A picture of the wall is black", "检查信号源的电源、网线和地址", "Check the source's power, its cable and address")
    case .sourceDead:
      FaultText(
        "信号源没有画面", "A source gives no picture", "检查摄像机的电源、网线、地址和密码", "Check the camera's power, cable, address and password")
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
