import DeviceVocabulary

extension WallLineFailure {
  /// What happened, in a few words: for a tile.
  public var short: BilingualText {
    switch self {
    case .nameUnknown: BilingualText("主机名查不到", "host name unknown")
    case .refused: BilingualText("连接被拒绝", "connection refused")
    case .unreachable: BilingualText("主机不可达", "host unreachable")
    case .unanswered: BilingualText("连不上,没有任何回应", "cannot connect, nothing comes back")
    case .lost: BilingualText("不再应答", "no longer answers")
    case .portMissing: BilingualText("没有这个串口", "no such serial port")
    case .portAmbiguous: BilingualText("有几个串口都符合", "several serial ports fit")
    case .portBusy: BilingualText("串口被别的程序占用", "serial port in use by another program")
    case .portForbidden: BilingualText("没有权限打开串口", "not permitted to open the serial port")
    case .portUnfit: BilingualText("串口不支持这个设置", "the serial port does not take these settings")
    case .hungUp: BilingualText("连上后被对方断开", "closed by the other end")
    case .silent: BilingualText("连上了但没有应答", "connected, no answer")
    case .notUnderstood: BilingualText("有应答,但不是该协议", "it answers, but not in this protocol")
    case .wrongNumber: BilingualText("应答的设备编号不对", "it answers under another device number")
    case .passwordWrong: BilingualText("口令不对或没有写", "wrong password, or none given")
    case .system(let code): BilingualText("系统错误 errno \(code)", "system error, errno \(code)")
    }
  }

  /// What that means as a rule; empty: no more than `short` says.
  private var meaning: BilingualText {
    switch self {
    case .nameUnknown: BilingualText("核对 host 的写法和 DNS", "check the spelling of host, and DNS")
    case .refused:
      BilingualText("该地址有机器,但没有程序在该端口监听", "a machine is at this address, and no program listens at this port")
    case .unreachable: BilingualText("没有路由,或该地址没有机器", "no route, or no machine at this address")
    case .unanswered: BilingualText("该地址没有机器,或被防火墙挡住", "no machine at this address, or a firewall drops it")
    case .lost: BilingualText("没电、线松了,或设备停住了", "no power, a loose cable, or the device hangs")
    case .hungUp: BilingualText("会话可能被别的控制程序占着", "another controller may have its only session")
    case .silent: BilingualText("编号、协议、端口或波特率可能不对", "device number, protocol, port or baud rate may be wrong")
    case .notUnderstood(let bytes):
      BilingualText(
        "\(Self.began(bytes, "第 1 个字节 ", ",开头是"))多半是另一种设备,或波特率不对",
        "\(Self.began(bytes, "first byte ", ", begins with"))another kind of device, most likely, or a wrong baud rate")
    case .portMissing, .portAmbiguous, .portBusy, .portForbidden, .portUnfit, .wrongNumber, .passwordWrong, .system:
      BilingualText("", "")
    }
  }

  /// What is printable at the beginning names a device faster than its first byte does.
  private static func began(_ bytes: [UInt8], _ word: String, _ text: String) -> String {
    guard let byte = bytes.first else { return "" }
    let hex = String(byte, radix: 16, uppercase: true)
    let printable = String(decoding: bytes.prefix { (0x20..<0x7F).contains($0) && $0 != 0x22 }, as: UTF8.self)
    return "\(word)0x\(hex.count < 2 ? "0" : "")\(hex)" + (printable.count > 2 ? "\(text) \"\(printable)\"; " : "; ")
  }

  public var text: BilingualText {
    let (what, means) = (short, meaning)
    guard !means.chinese.isEmpty else { return what }
    return BilingualText("\(what.chinese):\(means.chinese)", "\(what.english): \(means.english)")
  }
}

extension WallLineStanding {
  /// What happened at which address; `nil`: nothing is the matter.
  public var text: BilingualText? {
    let place = address.isEmpty ? "" : "\(address) "
    return switch state {
    case .answering: nil
    case .connecting: BilingualText("正在连接 \(address)", "connecting to \(address)")
    case .open: BilingualText("\(place)已连上,等第一个应答", "\(place)connected, waits for its first answer")
    case .failed(let failure): BilingualText(place + failure.text.chinese, place + failure.text.english)
    }
  }

  /// ... in a few words: for a tile.
  public var short: BilingualText? {
    guard case .failed(let failure) = state else { return text }
    let place = address.isEmpty ? "" : "\(address) "
    return BilingualText(place + failure.short.chinese, place + failure.short.english)
  }
}
