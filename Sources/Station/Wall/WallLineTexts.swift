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
    case .damaged: BilingualText("应答残缺或出错", "answers are damaged or incomplete")
    case .unmatched: BilingualText("应答和站点文件写的不一样", "its answers are not as the site file says")
    case .unansweredAsDescribed: BilingualText("连上了但没有应答", "connected, no answer")
    case .flooding: BilingualText("没有问它也发个不停", "sends without being asked, and does not stop")
    case .wrongNumber: BilingualText("应答的设备编号不对", "it answers under another device number")
    case .passwordWrong: BilingualText("口令不对或没有写", "wrong password, or none given")
    case .system(let code): BilingualText("系统错误 errno \(code)", "system error, errno \(code)")
    }
  }

  /// What that means as a rule; empty: no more than `short` says. What a serial port is set to is nothing to look at where there is none.
  private func meaning(isSerial: Bool) -> BilingualText {
    switch self {
    case .nameUnknown: BilingualText("核对 host 的写法和 DNS", "check the spelling of host, and DNS")
    case .refused:
      BilingualText("该地址有机器,但没有程序在该端口监听", "a machine is at this address, and no program listens at this port")
    case .unreachable:
      BilingualText("没有路由,或该地址没有开着的机器:看电源和网线", "no route, or no machine that is on at this address: see to power and cable")
    case .unanswered:
      BilingualText(
        "该地址没有开着的机器,或被防火墙挡住:看电源和网线",
        "no machine that is on at this address, or a firewall drops it: see to power and cable")
    case .lost: BilingualText("没电、线松了,或设备停住了", "no power, a loose cable, or the device hangs")
    case .hungUp: BilingualText("会话可能被别的控制程序占着", "another controller may have its only session")
    case .silent:
      isSerial
        ? BilingualText("编号、协议、波特率、校验或 A/B 接线可能不对", "device number, protocol, baud rate, parity or A/B may be wrong")
        : BilingualText("编号、协议或端口可能不对", "device number, protocol or port may be wrong") + Self.serialServer
    case .notUnderstood(let bytes):
      Self.began(bytes)
        + (isSerial
          ? BilingualText(
            "多半是另一种设备,或波特率、校验不对,或 A/B 接反",
            "another kind of device, most likely, or a wrong baud rate or parity, or swapped A/B")
          : BilingualText(
            "多半是另一种设备:核对地址和端口", "another kind of device, most likely: compare address and port") + Self.serialServer)
    case .damaged(let bytes):
      Self.began(bytes)
        + BilingualText(
          "协议是对的;看线、转接器、设备固件,是否有两台设备同时应答",
          "the protocol is right; see to cable, adapter and the device's firmware, and whether two devices answer at once")
        + (isSerial
          ? BilingualText(";再核对波特率、校验和 A/B", "; also baud rate, parity and A/B")
          : BilingualText(";该地址是否还有别的设备", "; whether another device has this address") + Self.serialServer)
    case .unmatched(let bytes):
      Self.said(bytes)
        + BilingualText(
          ",照它改 line 里的 readAnswer;每行的结尾不对时改 terminator",
          "; write readAnswer under line as it is, and terminator where the ends of its lines differ")
        + (isSerial
          ? BilingualText(";若是乱码,核对波特率、校验和 A/B", "; if it makes no sense, baud rate, parity and A/B")
          : BilingualText(";若是另一种设备,核对地址和端口", "; if it is another device, address and port") + Self.serialServer)
    case .unansweredAsDescribed:
      BilingualText(
        "核对站点文件 line 里的 terminator(命令的结尾,CRLF 写 '\\r\\n')、read 和 base",
        "see to terminator (CRLF is '\\r\\n'), read and base under line in the site file")
        + (isSerial
          ? BilingualText(";再核对波特率、校验和 A/B", "; also baud rate, parity and A/B")
          : BilingualText(";再核对端口", "; also the port") + Self.serialServer)
    case .flooding:
      isSerial
        ? BilingualText(
          "线已断开,稍后再试;看线上是否有别的设备,或有干扰",
          "the line was closed, and is tried again later; see whether something else is on it, or noise")
        : BilingualText(
          "连接已断开,稍后再试;看该地址和端口是不是别的设备",
          "it was disconnected, and is tried again later; see whether address and port are another device's") + Self.serialServer
    case .portMissing, .portAmbiguous, .portBusy, .portForbidden, .portUnfit, .wrongNumber, .passwordWrong, .system:
      BilingualText("", "")
    }
  }

  private static let serialServer = BilingualText(
    ";中间有串口服务器的,核对它的波特率", "; with a serial server in between, its baud rate")

  /// What is printable at the beginning names a device faster than its first byte does.
  private static func began(_ bytes: [UInt8]) -> BilingualText {
    guard let byte = bytes.first else { return BilingualText("", "") }
    let digits = String(byte, radix: 16, uppercase: true)
    let hex = "0x" + (digits.count < 2 ? "0" : "") + digits
    let printable = String(decoding: bytes.prefix { (0x20..<0x7F).contains($0) && $0 != 0x22 }, as: UTF8.self)
    guard printable.count > 2 else { return BilingualText("第 1 个字节 \(hex);", "first byte \(hex); ") }
    return BilingualText("第 1 个字节 \(hex),开头是 \"\(printable)\";", "first byte \(hex), begins with \"\(printable)\"; ")
  }

  /// What a device said, as a pattern of the site file would write it.
  private static func said(_ bytes: [UInt8]) -> BilingualText {
    var text = ""
    for byte in bytes {
      switch byte {
      case 0x0D: text += "\\r"
      case 0x0A: text += "\\n"
      case 0x20..<0x7F: text += String(UnicodeScalar(byte))
      default: text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }
    return BilingualText("它说的是 \"\(text)\"", "it says \"\(text)\"")
  }

  /// What was found instead of what the site file says.
  private func instead(_ found: String?) -> BilingualText? {
    switch (self, found) {
    case (.portBusy, let holder?): BilingualText("进程 \(holder);先停止它", "process \(holder); stop it first")
    case (.portMissing, ""?):
      BilingualText("本机一个串口也没有:看转换器和 USB 线", "this machine has none at all: see to the adapter and its USB cable")
    case (.portMissing, let ports?): BilingualText("本机有 \(ports)", "there are \(ports)")
    case (.portAmbiguous, let ports?): BilingualText("\(ports);写明 USB 位置", "\(ports); name the USB place")
    default: nil
    }
  }

  /// - Parameters:
  ///   - isSerial: the line is a serial port, not a connection over the network.
  ///   - found: see `WallLineStanding.found`.
  public func text(isSerial: Bool, found: String? = nil) -> BilingualText {
    let (what, means) = (short, instead(found) ?? meaning(isSerial: isSerial))
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
    case .failed(let failure):
      BilingualText(place, place) + failure.text(isSerial: isSerial, found: found)
    }
  }

  /// ... in a few words: for a tile.
  public var short: BilingualText? {
    guard case .failed(let failure) = state else { return text }
    let place = address.isEmpty ? "" : "\(address) "
    return BilingualText(place + failure.short.chinese, place + failure.short.english)
  }
}

extension BilingualText {
  static func + (one: Self, other: Self) -> Self {
    BilingualText(one.chinese + other.chinese, one.english + other.english)
  }
}
