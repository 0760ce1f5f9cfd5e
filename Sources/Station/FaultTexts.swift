/// What a fault card says, in words for a clerk (what) and for whoever repairs it (what to do).
public struct FaultText: Sendable, Equatable {
  public var whatChinese: String
  public var whatEnglish: String
  public var adviceChinese: String
  public var adviceEnglish: String

  init(_ whatChinese: String, _ whatEnglish: String, _ adviceChinese: String, _ adviceEnglish: String) {
    self.whatChinese = whatChinese
    self.whatEnglish = whatEnglish
    self.adviceChinese = adviceChinese
    self.adviceEnglish = adviceEnglish
  }
}

extension FaultKey.Kind {
  public var text: FaultText {
    switch self {
    case .stuck:
      FaultText(
        "按钮卡住", "Button stuck", "到现场松开按钮;弹不起来就更换按钮,然后复测", "Free the button on site; replace it if it stays in, then re-test")
    case .chattering:
      FaultText(
        "按钮接触不良,反复通断", "Contact chatters", "检查按钮接线端子是否松动,然后复测", "Check the button's terminals for a loose wire, then re-test")
    case .tampered:
      FaultText("面板外壳被打开", "Panel housing opened", "到现场查看并合上外壳,然后复测", "Look at the panel, close its housing, then re-test")
    case .lineCut:
      FaultText(
        "按钮线断开,此处按下无效", "Button wire cut: a press here is not heard", "检查按钮到面板的两根线和末端电阻",
        "Check the two wires to the button and the end-of-line resistor")
    case .lineShort:
      FaultText("按钮线短路", "Button wire shorted", "检查按钮到面板的线是否破皮相碰", "Look for bare wires touching between panel and button")
    case .silent:
      FaultText(
        "面板没有应答", "Panel does not answer", "检查该面板的供电、A/B 线和地址", "Check this panel's supply, its A/B wires and its address")
    case .wrongIdentity:
      FaultText(
        "面板换成了另一台", "Another unit answers at this address", "确认是否更换过面板;确认后复测即接受新面板",
        "Confirm that the panel was replaced; a re-test accepts the new one")
    case .answersWrongly:
      FaultText(
        "设备应答不正确", "Device answers wrongly", "核对型号与地址,检查是否两台用了同一地址",
        "Check model and address, and whether two devices share the address")
    case .eventsLost:
      FaultText(
        "面板记录已满,重复按下被合并", "Panel memory was full: repeats were merged", "首次按下都已保留;查明为何主机长时间未读取",
        "First presses are all kept; find out why the host did not read for so long")
    case .epochWentBack:
      FaultText(
        "面板记忆回到旧状态", "Panel memory went back", "面板可能装回了旧存储;按下仍然有效,请更换面板",
        "The panel may carry an old memory; presses still count; replace it")
    case .restartsOften:
      FaultText(
        "面板反复重启", "Panel restarts again and again", "测量面板供电电压,检查电源和接线",
        "Measure the panel's supply voltage; check power and wiring")
    case .wallSilent, .wallAnswersWrongly, .wallPassword, .wallNetworkSilent, .outputNotSwitched, .outputRefused, .outputCannot,
      .outputUnanswered, .outputContested, .outputNotHeard, .pictureFrozen, .pictureBlack, .pictureNotOpened, .sourceDead,
      .sourceNotTurned, .displayFan, .displayTemperature, .displayLamp, .displayCover, .displayFilter, .displaySensor,
      .displayOther, .displayNoSignal,
      .displayPassword, .displayAddress:
      wallText
    case .kioskSilent:
      FaultText(
        "自助终端没有开,或画面停了", "The terminal in the hall is off, or its page hangs", "看终端屏幕;黑屏就开电源,画面不动就重启终端",
        "Look at its screen; switch it on if it is dark, restart it if it stands still")
    case .readerAbsent:
      FaultText(
        "自助终端的读卡器没有插上(不用证件照常取号)", "The terminal's card reader is not plugged in (numbers are given without a card as ever)",
        "检查读卡器的数据线;插回以后自己会恢复", "Look at its cable; plugged in again it comes back by itself")
    case .readerSilent:
      FaultText(
        "自助终端的读卡器没有应答(不用证件照常取号)", "The terminal's card reader does not answer (numbers are given without a card as ever)",
        "拔下读卡器,等 5 秒再插上;还不行就换线换口;串口读卡器核对波特率",
        "Unplug it, wait 5 s, plug it in; else another cable or socket; with a serial one check the baud rate")
    case .readerGarbled:
      FaultText(
        "自助终端的读卡器应答不清楚(不用证件照常取号)",
        "What the terminal's card reader answers makes no sense (numbers are given without a card as ever)",
        "串口读卡器核对波特率和接线;USB 读卡器换一根短线", "With a serial reader check baud rate and wiring; with a USB one take a shorter cable")
    case .readerSelfTest:
      FaultText(
        "读卡器的安全模块自检没有通过", "The security module of the card reader failed its self-test", "拔下再插上一次;还不行只能换读卡器",
        "Unplug it and plug it in once; if that does not help the reader has to be changed")
    case .readerNotAuthorised:
      FaultText(
        "读卡器的安全模块没有授权", "The security module of the card reader is not authorised", "请联系读卡器的供应商,本站改不了",
        "The supplier has to see to it: nothing here can change it")
    case .smartCardsAbsent:
      FaultText(
        "智能卡读卡器没有插上(员工用 PIN 登录,来访者不用卡照常取号)",
        "The reader of smart cards is not plugged in (staff log in by PIN, numbers are given without a card as ever)",
        "检查读卡器的数据线;插回以后自己会恢复", "Look at its cable; plugged in again it comes back by itself")
    case .smartCardsSilent:
      FaultText(
        "智能卡读卡器没有应答(员工用 PIN 登录,来访者不用卡照常取号)",
        "The reader of smart cards does not answer (staff log in by PIN, numbers are given without a card as ever)",
        "拔下读卡器,等 5 秒再插上;还不行就换线换口", "Unplug it, wait 5 s, plug it in; else another cable or socket")
    case .smartCardsGarbled:
      FaultText(
        "智能卡读卡器应答不清楚(员工用 PIN 登录,来访者不用卡照常取号)",
        "What the reader of smart cards answers makes no sense (staff log in by PIN, numbers are given without a card as ever)",
        "换一根短的 USB 线,不要经过集线器", "Take a shorter USB cable, and no hub between")
    case .smartCardsUnsupported:
      FaultText(
        "这种智能卡读卡器本程序用不了", "This kind of smart-card reader cannot be used by this program",
        "装上 pcscd 由系统来读(站点文件写 pcsc),或换一种读卡器",
        "Install pcscd and let the system read it (pcsc in the site file), or take another reader")
    case .smartCardsNoService:
      FaultText(
        "系统的智能卡服务 pcscd 没有应答(员工用 PIN 登录,来访者不用卡照常取号)",
        "The system's service for cards, pcscd, does not answer (staff log in by PIN, numbers are given without a card as ever)",
        "启动 pcscd(systemctl start pcscd),或在站点文件里写 usb", "Start it (systemctl start pcscd), or write usb in the site file")
    case .printerNotConnected:
      FaultText(
        "号单打印机没有连上,号码只显示在屏幕上", "The ticket printer is not connected: numbers are on the screen only", "检查打印机电源和数据线;网络打印机看网线和地址",
        "Check the printer's power and its cable; for a network printer the line and its address")
    case .printerNotAnswering:
      FaultText(
        "号单打印机没有应答", "The ticket printer does not answer", "关掉打印机电源,等 5 秒再打开;还不行就换线",
        "Switch the printer off, wait 5 s and switch it on; if that does not help, change the cable")
    case .printerCoverOpen:
      FaultText("号单打印机盖子开着", "The ticket printer's cover is open", "合上打印机的盖子,听到咔哒一声", "Close the printer's cover until it clicks")
    case .printerPaperOut:
      FaultText(
        "号单打印机没有纸", "The ticket printer is out of paper", "换一卷热敏纸,有光泽的一面朝打印头",
        "Put in a roll of thermal paper, shiny side to the head")
    case .printerCutterError:
      FaultText(
        "号单打印机切刀卡住", "The ticket printer's cutter is jammed", "关电源,打开盖子取出碎纸,再打开",
        "Switch it off, open the cover, take out bits of paper, switch it on")
    case .printerError:
      FaultText(
        "号单打印机报错", "The ticket printer reports an error", "关电源再打开;还报错就报修",
        "Switch it off and on; if it still does, have it repaired")
    case .printerOffline:
      FaultText(
        "号单打印机脱机", "The ticket printer is offline", "看面板上的指示灯,按一下“联机”或走纸键", "Look at its lights; press its online or feed key")
    case .printerPaperNearEnd:
      FaultText("号单打印机纸快用完", "The ticket printer is nearly out of paper", "准备一卷热敏纸", "Have a roll of thermal paper ready")
    case .unknownProtocol:
      FaultText(
        "面板的通信版本本程序不认识,求助照常接收", "The panel speaks a version that this program does not know; calls come through",
        "升级本站程序;不能升级就换回旧版面板固件", "Upgrade this station's program, or give the panel its older firmware again")
    case .unknownBoard:
      FaultText(
        "面板的硬件型号本程序不认识,求助照常接收", "The panel's hardware is not known to this program; calls come through",
        "升级本站程序后再更新面板固件;核对面板来源", "Upgrade this station's program before you update the panel; check where it came from")
    case .selfTestFailed:
      FaultText(
        "面板自检没有通过", "The panel's self-test failed", "看说明里是哪一项;给面板断电再通电一次,仍不通过就更换面板",
        "See in the detail which part; take its power away once; replace it if it fails again")
    case .onTrial:
      FaultText(
        "面板的新固件还没有确认", "The panel's new firmware is not confirmed yet", "等 2 分钟:不能确认就自动换回原来的固件;然后看自检结果,再用 linli panel update 更新",
        "Wait two minutes: unconfirmed, the former one comes back by itself; then see its self-test and run linli panel update again"
      )
    case .firmwareDiffers:
      FaultText(
        "面板固件版本不一致(提示,不影响求助)", "Panels have different firmware versions (for information: calls are not affected)",
        "有空时用 linli panel update 把旧的更新到同一版本",
        "When there is time, bring the older ones to the same version with linli panel update")
    case .panelFaulted:
      FaultText(
        "面板程序出过错,已自行重启", "The panel's program failed and started again by itself", "抄下说明里的内容发给厂家;然后复测;反复出现就更换面板",
        "Send what the detail says to the maker, then re-test; replace the panel if it happens again")
    case .updateFailed:
      FaultText(
        "面板固件更新没有成功,原来的固件在运行", "A panel's firmware update came to nothing; the former firmware runs",
        "看说明里的原因;处理后再用 linli panel update 更新,然后复测", "See the reason in the detail; then run linli panel update again, and re-test"
      )
    case .busSilent:
      FaultText(
        "整条总线没有应答", "Whole bus silent", "检查总线电源和主机端 A/B 接线是否断开", "Check the bus supply and whether A/B is cut at the host's end")
    case .busJammed:
      FaultText(
        "总线被占住,有设备不停发送", "Bus jammed: a device transmits without pause", "逐段断开面板,找出一直发送的那台",
        "Disconnect panels section by section to find the one that transmits")
    case .busGarbled:
      FaultText(
        "总线数据全部出错", "Everything on the bus is garbled", "检查 A/B 是否接反、波特率是否一致、线是否短路",
        "Check for swapped A/B, wrong baud rate or a short")
    case .adapterAbsent:
      FaultText("串口适配器不在", "Serial adapter missing", "把 RS-485 适配器插回原来的 USB 口", "Plug the RS-485 adapter back into its USB port")
    case .portBusy:
      FaultText(
        "串口打不开", "Serial port cannot be opened", "关闭占用串口的其他程序,或检查权限",
        "Close the other program that holds the port, or check permissions")
    case .pathDown:
      FaultText(
        "到上级的一条线路不通", "A way to the parent is down", "检查这条线路的网线、路由器和地址;看说明里的原因",
        "Check this way's cable, router and address; see the reason in the detail")
    case .parentLost:
      FaultText(
        "上级联系不上,求助只在本站处理", "The parent cannot be reached: calls stay in this station", "求助由本站人员处理;联系网络维护,并电话告知上级",
        "Handle calls here; call network support, and tell the parent by telephone")
    case .journalForked:
      FaultText(
        "上级存有的记录与本站日志不一致", "The parent's copy differs from this journal", "本机磁盘可能被还原过;两份记录都已保留,请联系厂家核对",
        "This disk may have been restored; both copies are kept; have them compared")
    case .proofFailed:
      FaultText(
        "每日验证呼叫没有返回", "The daily proof did not come back", "到上级的线路或上级程序有问题;修复后复测",
        "The line or the parent's program is out of order; repair it, then re-test")
    case .certificateExpires:
      FaultText(
        "站点证书即将到期", "The station's certificate expires soon", "用 linli pki renew 续期", "Renew it with linli pki renew")
    case .parentFloods:
      FaultText(
        "上级下发的指令太多或编号不对,多出的没有执行", "The parent sends too many commands, or impossible numbers: the rest is not done",
        "电话联系上级,请其检查程序;求助照常上送", "Telephone the parent and have its program checked; calls go up as always")
    case .childFloods:
      FaultText(
        "下级站点的求助或故障太多,这里没有全部显示", "A station below has more calls or faults than are shown here", "打电话给该站点,在它的值班台上看全部;请检查其程序",
        "Telephone it and see all of them on its own desk; have its program checked")
    case .clockApart:
      FaultText(
        "本机时钟与上级相差 2 分钟以上", "This computer's clock and the parent's differ by more than 2 minutes",
        "看说明里差多少,核对哪一边不对,用 timedatectl 设好;最好接通 NTP",
        "See in the detail by how much; find out which is wrong and set it with timedatectl, best of all connect NTP")
    case .childLost:
      FaultText(
        "下级站点失联", "A station below cannot be reached", "电话联系该站点;检查其网络和电源",
        "Call the station by telephone; check its network and power")
    case .childPathDown:
      FaultText(
        "下级站点的一条线路不通", "One way of a station below is down", "通知该站点检查这条线路", "Have the station check this way")
    case .childBranched:
      FaultText(
        "下级站点的日志出现分叉", "The journal of a station below has branched", "该站点的磁盘可能被还原或改动;两份记录都已保留,请核对;它已不认识的求助可在本级结案",
        "Its disk may have been restored or altered; both copies are kept: compare them; calls that it no longer knows can be closed here"
      )
    case .childCertificateExpires:
      FaultText(
        "下级站点的证书即将到期,到期后它连不上", "The certificate of a station below expires soon: then it cannot connect",
        "证书平时自动更新:看该站点的线路和时钟;仍不行就用 linli pki invite 让它重新接入",
        "It is renewed by itself as a rule: look at that station's line and clock; else let it join again with linli pki invite")
    case .childLacksPast:
      FaultText(
        "下级站点较早的记录不在本站,该站点也已清除", "Older entries of a station below are not here, and it has dropped them",
        "本机换过或还原过磁盘;从备份或原上级取回旧日志文件另行保存",
        "This disk was replaced or restored: keep the old files of a backup or of its former parent")
    case .parentLacksPast:
      FaultText(
        "上级没有本站较早的记录,本站也已清除", "The parent has not the older entries, and this station has dropped them",
        "上级换过或还原过磁盘;请上级从备份取回旧日志文件,本站现有的记录会重新上传",
        "The parent's disk was replaced or restored: have it keep the old files of a backup; what is here is sent again")
    case .sealingFailed:
      FaultText(
        "个人信息的密钥库不能用", "The keys of personal data cannot be used",
        "现在不会保存任何个人信息;按下面的说明修好或换掉密钥库,然后重启程序",
        "No personal data is kept meanwhile; mend or replace the key database as said below, then restart the program")
    case .dateDoubtful:
      FaultText(
        "日期没有确认:到期的内容没有删除,号码接着旧的一天",
        "The date is not confirmed: nothing expires, and numbers go on from the old day",
        "接通 NTP;没有 NTP 就核对下面的日期,不对先用 timedatectl 设好;日期对了再复测,复测就是确认,到期的内容随后删除",
        "Connect NTP; without it compare the date below, and set a wrong one with timedatectl; then re-test: that confirms the date, and what is due is deleted"
      )
    case .pageFilesMissing:
      FaultText(
        "网页文件缺失,有的页面打不开", "Files of the pages are missing: some pages do not open",
        "求助照常受理,可用 linli desk 处理;重新安装程序,或用 --web 指明网页文件夹,然后重启",
        "Calls are taken all the same, and linli desk answers them; install the program anew, or name the folder with --web, then restart"
      )
    case .notCarried:
      FaultText(
        "本站状态太大,旧日志暂不清除", "The station's state is too large: old journal files are not dropped",
        "看说明里是哪个站点;等它补传完,下个月初再试;留意磁盘空间", "See which station it is; tried again as the next month begins; watch the disk's space")
    case .childWithholds:
      FaultText(
        "下级站点的一条记录太长,内容没有上送", "A record of a station below is too long: its content stayed there", "在该站点的日志里查看;看说明里的编号,并请厂家核对",
        "Look it up in that station's journal, by the number in the detail; have it examined")
    case .entryTooLong:
      FaultText(
        "一条记录太长,没有完整写入日志", "A record is too long: the journal does not hold all of it", "看说明里是什么;求助本身没有丢失;请联系厂家核对",
        "See in the detail what it was; no call is lost; have it examined")
    case .diskFull:
      FaultText("磁盘已满,只记录求助", "Disk full: only calls are recorded", "清理磁盘空间", "Free disk space")
    case .diskFailed:
      FaultText(
        "日志写盘出过错", "The journal could not be written to the disk", "看说明:已满就清理空间,只读或出错就尽快检查、更换磁盘",
        "See the detail: free space on a full disk; check and replace one that is read-only or fails")
    case .receiverSilent:
      FaultText(
        "外部接警中心没有应答,求助在排队", "Alarm receiver does not answer: calls wait", "检查网络和对方的地址、端口;急事请打电话告知",
        "Check the network, the receiver's address and port; telephone what is urgent")
    case .receiverRefuses:
      FaultText(
        "外部接警中心拒收,求助在排队", "Alarm receiver refuses: calls wait", "与对方核对账号、密钥和时钟;急事请打电话告知",
        "Compare account, key and clock with the receiving centre; telephone what is urgent")
    case .receiverMisses:
      FaultText(
        "外部接警中心不认识一条消息,未被受理", "Alarm receiver did not understand a message: not taken", "打电话告知对方;核对格式(ADM-CID 或 SIA-DCS)和代码",
        "Telephone the receiving centre; compare the format (ADM-CID or SIA-DCS) and the codes")
    case .receiverUnfed:
      FaultText(
        "读不出日志,求助没有发往外部接警中心", "The journal cannot be read: calls do not go to the alarm receiver", "打电话告知对方;重启程序会修复日志,仍不行就检查磁盘",
        "Telephone the receiving centre; a restart repairs the journal, else check the disk")
    }
  }
}
