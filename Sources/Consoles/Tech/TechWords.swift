import DeviceVocabulary
import Station

/// The states of the technician's page that are no value of the vocabulary.
enum TechWords {
  static let nothingHeard = BilingualText("还没有消息", "Nothing heard yet")
  static let neverAnswered = BilingualText("启动后从未应答", "Has not answered since the start")
  static let busAway = BilingualText("总线不通,不知道", "Its bus is down: not known")
  static let ready = BilingualText("就绪", "Ready")
  static let starting = BilingualText("正在启动", "Starting")
  static let outOfOrder = BilingualText("有故障", "Out of order")
  static let causeGone = BilingualText("原因已消失,等待复测", "Cause gone: needs a re-test")
  static let pageShown = BilingualText("页面在运行", "Its page works")
  static let pageGone = BilingualText("页面没有响应", "Its page does not respond")
  static let pageNeverShown = BilingualText("启动后没有打开过页面", "Its page was not opened since the start")
  static let live = BilingualText("有画面", "Pictures come")
  static let pictureStands = BilingualText("有应答,没有画面", "Answers, and no picture comes")
  static let noPicture = BilingualText("无画面", "No picture")
  static let notConfirmed = BilingualText("太久没有核对", "Not confirmed for too long")
  static let notAsked = BilingualText("没有查询过", "Was not asked")
  static let clockGood = BilingualText("已校准", "Synchronised")
  static let clockBad = BilingualText(
    "没有校准,时刻可能不准;请检查网络对时 (NTP)", "Not synchronised, times of day may be wrong: check the time service (NTP)")

  static func state(_ condition: BusCondition) -> BilingualText {
    switch condition {
    case .adapterAbsent: BilingualText("适配器不在", "The adapter is not there")
    case .portBusy: BilingualText("串口打不开", "The port cannot be opened")
    case .working: BilingualText("正常", "Works")
    case .silent: BilingualText("没有设备应答", "Nobody answers")
    case .jammed: BilingualText("被占用,一直有数据", "Jammed: bytes come without pause")
    case .garbled: BilingualText("数据错乱", "Garbled")
    }
  }

  static func state(_ condition: PrinterCondition) -> BilingualText {
    switch condition {
    case .unknown: nothingHeard
    case .ready: ready
    case .printing: BilingualText("正在打印", "Printing")
    case .blocked: outOfOrder
    }
  }
}

extension PageWords {
  /// On the duty desk: the way to this page.
  static let toTech = [word("toTech", "设备一览(技术员)", "All devices (technician)")]

  static let tech: [Word] =
    [
      word("techTitle", "技术员", "Technician"),
      word("techLost", "站点没有响应,下面是 {time} 的情况,可能已经过时", "The station does not respond: this is how things stood at {time}"),
      word("techSummary", "共 {all} 项,{bad} 项有问题,{unknown} 项还不知道", "{all} in all, {bad} with a problem, {unknown} not known"),
      word("onlyBad", "只看有问题和不知道的", "Only what has a problem or is not known"),
      word("nothingBad", "没有有问题的设备", "Nothing has a problem"),
      word("retestAs", "复测以哪个岗位的名义", "Re-test in the name of"),
      word("readOnly", "您的角色只能查看", "Your role may only look"),
      word("toDesk", "值班台", "Duty desk"),
      word("since", "自", "Since"),
      word("heard", "最近听到", "Last heard"),
      word("heardNever", "启动后从未听到", "never since the start"),
      word("heardAgo", "{time} 前", "{time} ago"),
      word("valueAgo", "{value} ({time} 前)", "{value} ({time} ago)"),
      word("advice", "怎么办", "What to do"),
      word("detail", "细节", "Detail"),
      word("retest", "复测", "Re-test"),
      word("retestOf", "复测:{what}", "Re-test: {what}"),
      word("underWay", "正在复测……", "Re-test under way …"),
      word("retestFailed", "{time} 复测未通过", "re-test failed at {time}"),
      word("stillPresent", "故障仍在", "Still there"),
      word("causeGone", "原因已消失,等待复测", "Cause gone: needs a re-test"),
    ] + kinds + levels + facts

  private static let kinds = [
    word("kind.bus", "总线和适配器", "Buses and adapters"),
    word("kind.panel", "呼叫面板", "Call panels"),
    word("kind.module", "输入输出模块", "Input/output modules"),
    word("kind.kiosk", "自助终端", "Terminals"),
    word("kind.reader", "身份证读卡器", "Readers of identity cards"),
    word("kind.smartCards", "社保卡读卡器", "Readers of smart cards"),
    word("kind.printer", "号单打印机", "Ticket printer"),
    word("kind.staffReader", "工卡读卡器", "Reader of staff cards"),
    word("kind.wallDevice", "大屏设备", "Devices of the wall"),
    word("kind.source", "大屏信号源", "Sources of the wall"),
    word("kind.path", "到上级的线路", "Ways to the parent"),
    word("kind.receiver", "外部接警中心", "Alarm receiver"),
    word("kind.clock", "主机时钟", "Clock"),
    word("kind.disk", "日志与磁盘", "Journal and disk"),
    word("kind.other", "其他故障", "Other faults"),
  ]

  private static let levels = [
    word("level.good", "✓", "✓"),
    word("level.bad", "✕", "✕"),
    word("level.unknown", "?", "?"),
  ]

  private static let facts = [
    word("fact.path", "设备文件", "Device file"),
    word("fact.baud", "速率和格式", "Speed and format"),
    word("fact.bytes", "发/收字节", "Bytes sent/heard"),
    word("fact.remark", "说明", "Remark"),
    word("fact.answers", "应答/询问", "Answers/requests"),
    word("fact.timeouts", "超时", "Time-outs"),
    word("fact.turnaround", "应答用时", "Turn-around"),
    word("fact.unit", "机身号", "Unit"),
    word("fact.firmware", "固件", "Firmware"),
    word("fact.supply", "供电电压", "Supply"),
    word("fact.supplyStale", "供电电压(已过时)", "Supply (stale)"),
    word("fact.kind", "类型", "Kind"),
    word("fact.model", "型号", "Model"),
    word("fact.outputs", "显示的输出", "Outputs shown"),
    word("fact.temperatureCelsius", "温度 °C", "Temperature °C"),
    word("fact.hours", "运行小时", "Hours"),
    word("fact.lampHours", "灯泡小时", "Lamp hours"),
    word("fact.filterHours", "滤网小时", "Filter hours"),
    word("fact.framesPerSecondTenths", "帧率(1/10 帧/秒)", "Frames (1/10 per second)"),
    word("fact.waiting", "待送条数", "Entries to send"),
    word("fact.entries", "日志条数", "Journal entries"),
    word("fact.free", "磁盘剩余", "Free on the disk"),
    word("fact.unwritten", "没有写进磁盘的求助信息", "Entries about calls not on disk"),
  ]
}
