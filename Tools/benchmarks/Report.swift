import Foundation

/// One line of the table.
struct Figure {
  var what: String
  var measured: String
  var goal: String?
  var reference: String?
  /// Measured divided by the reference.
  var ratio: Double?
  /// `nil` where there is no goal.
  var isMet: Bool?

  init(
    _ what: String, _ measured: String, goal: String? = nil, reference: String? = nil, ratio: Double? = nil, isMet: Bool? = nil
  ) {
    self.what = what
    self.measured = measured
    self.goal = goal
    self.reference = reference
    self.ratio = ratio
    self.isMet = isMet
  }
}

/// The table on standard output, row by row as it is measured.
enum Report {
  private static let titles = [
    "线路利用率 / use of a paced line, 16 nodes, 8 bytes asked, 7 answered, t3.5 kept",
    "一次询问的开销 / cost of one transaction on a paced line at 115,200 baud",
    "线路末字节 → 日志落盘 → 值班页 / last byte on the wire → journal on disk → event on the duty page",
    "面板锁存 → 值班页 / event latched in the panel → duty page, 16 panels at 19,200 baud",
    "SIGKILL 丢失或重复 / lost or doubled presses in 1,000 SIGKILLs",
    "1,000 个值班页 / 1,000 duty pages open",
    "空闲与启动 / idle with 16 panels, and start",
    "上级接收 / entries that a street centre takes from its children, each counted when it is on the street's disk",
    "每个在线站点的内存 / memory of the street centre per connected station",
    "社区按下 → 街道值班页 / press in the community → on the street's duty page",
    "断线后补传 / catching up after the line was cut",
    "面板固件与同功能 C 程序 / the panel's firmware beside the same panel in C, lm3s6965evb in QEMU",
    "QEMU 面板按下 → 事件 → 值班页 / press of a panel in QEMU → event → duty page",
    "放身份证 → 掩码姓名 / card laid on the reader → masked name at the terminal's page",
    "叫号 → 大厅屏;触摸次数 / a number called → the display in the hall; touches to a number",
    "终端网页 / the terminal's page in Chromium",
    "64 块屏换布局 / a layout on 64 panels that answer after 20 ms, applied and read back",
    "串口屏链 / a chain of 16 panels at 9,600 baud, inputs set and read back",
    "按下 → 大屏出现摄像机并核对 / last byte on the wire → the place's camera on the wall, proved at the operator's console",
    "软件大屏换画面 / a tile of the software wall: from the wish to a picture told as moving",
    "大屏静止时每块屏的开销 / cost of a panel at rest, one console open",
  ]
  private static let widths = [52, 24, 18, 46, 7]
  // Written from the one thread that measures, and by the end of a row that hangs.
  nonisolated(unsafe) private(set) static var hasFailed = false
  nonisolated(unsafe) private static var met = 0
  nonisolated(unsafe) private static var missed = 0

  static func heading(_ row: Int) {
    say("\n\(row). \(titles[row - 1])")
    line(["figure", "measured", "goal", "reference in this run", "ratio", "met"])
  }

  static func show(_ figure: Figure) {
    switch figure.isMet {
    case true?: met += 1
    case false?: missed += 1
    case nil: break
    }
    let verdict = figure.isMet.map { $0 ? "yes" : "NO" } ?? "-"
    line([
      figure.what, figure.measured, figure.goal ?? "-", figure.reference ?? "-", figure.ratio.map { text($0, 2) } ?? "-", verdict,
    ])
  }

  static func failed(_ why: String) {
    hasFailed = true
    say("   没有测成 / not measured: \(why)")
  }

  static func end() { say("\n达到 \(met),未达到 \(missed) / met \(met), missed \(missed)") }

  /// What is under way, on standard error, so that the table can be kept by itself.
  static func progress(_ what: String) { FileHandle.standardError.write(Data("   … \(what)\n".utf8)) }

  static func text(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }

  static func milliseconds(_ microseconds: Double) -> String { text(microseconds / 1_000, 2) + " ms" }

  private static func line(_ cells: [String]) {
    let padded = zip(cells, widths).map { $0.padding(toLength: max($1, $0.count), withPad: " ", startingAt: 0) }
    say("   " + (padded + cells.dropFirst(widths.count)).joined(separator: " "))
  }

  private static func say(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }
}

/// Measured values of one kind.
struct Samples {
  private(set) var values: [Double] = []

  var count: Int { values.count }
  mutating func add(_ value: Double) { values.append(value) }

  /// The value that this share of all does not exceed (nearest rank); of 100 values or fewer p99 is the greatest.
  func percentile(_ percent: Double) -> Double {
    guard !values.isEmpty else { return .nan }
    let rank = Int((percent / 100 * Double(values.count)).rounded(.up))
    return values.sorted()[min(max(rank, 1), values.count) - 1]
  }
}
