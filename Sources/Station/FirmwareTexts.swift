import DeviceVocabulary

/// Words for what panels say of their firmware and for what becomes of an update: on the duty desk and for `linli panel`.
public enum FirmwareTexts {
  /// Which parts of the self-test failed (the bits: Protocols/FirmwareUpdate/README.md).
  public static func selfTest(_ firmware: DeviceFirmware) -> BilingualText {
    let names = [
      BilingualText("固件校验", "firmware hash"), BilingualText("设置存储", "settings memory"), BilingualText("内存", "RAM"),
      BilingualText("模数转换", "converter"),
    ]
    var failed: [BilingualText] = []
    for bit in 0..<15 where firmware.selfTestFailures & 1 << UInt16(bit) != 0 {
      failed.append(bit < names.count ? names[bit] : BilingualText("第 \(bit) 项", "part \(bit)"))
    }
    if failed.isEmpty {
      let isUnfinished = firmware.selfTest & DeviceFirmware.selfTestUnfinished != 0
      return isUnfinished ? BilingualText("未完成", "not finished") : BilingualText("通过", "good")
    }
    return BilingualText(failed.map(\.chinese).joined(separator: "、"), failed.map(\.english).joined(separator: ", "))
  }

  /// The last fault of a panel's program, as its maker needs it.
  public static func fault(_ firmware: DeviceFirmware) -> BilingualText {
    guard firmware.faults > 0 else { return BilingualText("没有", "none") }
    let cause =
      switch firmware.lastFault {
      case 1: BilingualText("程序出错", "trap or hard fault")
      case 2: BilingualText("总线错误", "bus fault")
      case 3: BilingualText("指令错误", "usage fault")
      case 4: BilingualText("内存保护", "memory protection")
      case 5: BilingualText("看门狗", "watchdog")
      case 6: BilingualText("栈溢出", "stack")
      default: BilingualText("原因 \(firmware.lastFault)", "cause \(firmware.lastFault)")
      }
    let place = "pc \(hex(firmware.programCounter)), lr \(hex(firmware.linkRegister)), \(firmware.release)"
    return BilingualText(
      "\(cause.chinese),上电以来 \(firmware.faults) 次", "\(cause.english), \(firmware.faults) since power-on, \(place)")
  }

  private static func hex(_ value: UInt32) -> String {
    let digits = String(value, radix: 16)
    return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
  }

  /// What a job is doing.
  public static func step(_ job: DeviceJob) -> BilingualText {
    switch job.step {
    case .asking: BilingualText("询问面板", "asking the panel")
    case .sending: BilingualText("传送 \(job.done)/\(job.total) 块", "sending block \(job.done) of \(job.total)")
    case .verifying: BilingualText("面板正在校验 \(job.percent)%", "the panel verifies, \(job.percent)%")
    case .restarting: BilingualText("面板正在重启", "the panel starts again")
    case .onTrial: BilingualText("新固件在试运行", "the new firmware proves itself")
    case .awaitingFinger:
      BilingualText("等人按住面板上任意一个按钮 5 秒", "waiting for somebody to hold a button of the panel for 5 s")
    case .away:
      BilingualText("面板不再在原地址应答,等着看它是否回来", "the panel no longer answers here; waiting whether it comes back")
    case .unverified:
      BilingualText("面板已不在原地址应答,新地址没有核实", "the panel has left its old address; not verified at the new one")
    case .done: BilingualText("完成", "done")
    case .failed: job.failure.map(why) ?? BilingualText("没有成功", "failed")
    }
  }

  /// Why a job came to nothing, and what to do next.
  public static func why(_ failure: JobFailure) -> BilingualText {
    switch failure {
    case .notAnImage: BilingualText("不是固件文件,或文件不完整:请重新取得文件", "not a firmware file, or not a whole one: get the file again")
    case .notSigned: BilingualText("固件没有签名,面板不会接受:请用厂家签过名的文件", "the image is not signed: use the signed file of the maker")
    case .otherBoard:
      BilingualText("固件不是给这种面板的:用 linli panel info 看硬件型号", "the image is for other hardware: see linli panel info")
    case .otherSlot:
      BilingualText("固件不是给空着的那个分区的:把两个分区的文件都写上", "the image is linked for the slot that runs: name the files of both slots")
    case .wrongLength:
      BilingualText("固件太大或长度不对:核对文件和面板型号", "the image is too long, or of a wrong length: check file and hardware")
    case .noUpdate:
      BilingualText("这台面板太旧,不能从总线更新:由厂家更新", "this panel is too old to be updated over the bus: have the maker do it")
    case .noBootLoader: BilingualText("这台面板没有引导程序,不能从总线更新", "this panel has no boot loader: it cannot be updated over the bus")
    case .stillOnTrial:
      BilingualText("面板现在的固件还在试运行:等 2 分钟再试", "the panel's firmware is on trial itself: try again in two minutes")
    case .otherJobUnderWay:
      BilingualText("这台面板正在做别的操作:等它完成再试", "another job is under way at this panel: try again when it is over")
    case .headerRefused: BilingualText("面板不认识这个文件的格式:核对文件", "the panel does not know the form of this file: check it")
    case .hashWrong:
      BilingualText("面板校验内容不符:再更新一次,仍不行就检查线路", "the content did not arrive as it should: try again, then check the line")
    case .signatureWrong: BilingualText("签名不对,面板拒绝:请用厂家签过名的文件", "the signature is wrong: use the signed file of the maker")
    case .memoryFailed: BilingualText("面板的存储器写不了:更换面板", "the panel's memory cannot be written: replace the panel")
    case .aborted: BilingualText("面板中止了更新:再更新一次", "the panel gave the update up: try again")
    case .silent: BilingualText("面板没有应答:检查供电和接线后再试", "the panel does not answer: check its supply and wires, then try again")
    case .makesNoSense:
      BilingualText("面板的应答前后不符:给它断电再通电,再试一次", "the panel's answers make no sense: take its power away once, then try again")
    case .otherUnit: BilingualText("中途换成了另一台面板:确认后再试", "another unit answers now: find out which, then try again")
    case .notStarted: BilingualText("面板没有启动新固件:再更新一次", "the panel did not start the new firmware: try again")
    case .reverted:
      BilingualText(
        "新固件没有运行起来,已换回原来的:看 linli panel info 里的自检和故障,联系厂家",
        "the new firmware did not hold, the former one runs: see its self-test and fault in linli panel info, tell the maker")
    case .notConfirmed:
      BilingualText(
        "新固件一直没有确认:看 linli panel info 里的自检结果", "the new firmware was never confirmed: see its self-test in linli panel info")
    case .refused: BilingualText("面板不接受这个操作(固件太旧或数值不对)", "the panel refuses (older firmware, or a value that it does not take)")
    case .noFinger: BilingualText("60 秒内没有人按住按钮,地址没有改:再试一次", "nobody held a button within 60 s, nothing was changed: try again")
    case .stillHere:
      BilingualText(
        "面板还在原来的地址:它断过电,或没有人按住按钮;再试一次",
        "the panel is still at its old address: it lost its power, or no button was held; try again")
    case .calledOff: BilingualText("已取消", "called off")
    }
  }
}

extension BilingualText {
  /// For lines that show both languages, Chinese first.
  public var both: String { "\(chinese) / \(english)" }
}
