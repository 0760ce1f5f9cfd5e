import ArgumentParser
import Foundation
import Journal
import Station
import StationRuntime
import Transports

struct JournalCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "journal", abstract: "查看和核对日志 / reads and checks the journal", subcommands: [List.self, Verify.self, Why.self])

  static func forEach(_ folder: String, _ body: (JournalEntry, Entry) -> Void) throws {
    let journal = try JournalReader(folder: folder)
    let coder = EntryCoder()
    var position: JournalPosition?
    while true {
      let page = try journal.entries(after: position, limit: 1000)
      for stored in page { body(stored, try coder.decode(stored.body)) }
      guard let last = page.last else { return }
      position = last.position
    }
  }

  /// The end of what was dropped, and the entries that stand for it; nil: nothing was.
  static func dropped(_ journal: JournalReader) -> (end: JournalPosition, state: CarriedState?)? {
    guard let end = journal.segments().first?.anchor?.position, end.sequence > 0 else { return nil }
    return (end, CarriedState(after: end) { try? journal.entries(after: $0, limit: $1) })
  }

  static func time(_ time: EntryTime) -> String {
    let date = Date(timeIntervalSince1970: Double(time.wallMilliseconds) / 1000)
    // In the time of the place, with its offset, because people remember what their clock showed.
    let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true, timeZone: .current)
    return date.formatted(style) + (time.synchronised ? "" : "?")
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "逐条列出 / every entry, a line each, as stored")
    @Argument(help: "日志文件夹 / journal folder") var folder: String

    func run() throws {
      if let dropped = try JournalCommand.dropped(JournalReader(folder: folder)) {
        print("# 至 \(dropped.end) 的条目已清除 / entries up to \(dropped.end) were dropped")
      }
      try JournalCommand.forEach(folder) { stored, _ in
        print("\(stored.position) \(String(decoding: stored.body, as: UTF8.self))")
      }
    }
  }

  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "核对整条链 / checks the whole chain")
    @Argument(help: "日志文件夹 / journal folder") var folder: String

    func run() throws {
      let journal = try JournalReader(folder: folder)
      let result = journal.verify()
      for gap in result.knownGaps { print("已知缺口 / known gap: \(gap)") }
      for finding in result.findings { print(finding) }
      if let (end, state) = JournalCommand.dropped(journal) {
        guard let state else {
          print("至 \(end) 的条目不在了,也没有承接它们的状态 / entries up to \(end) are gone, and no state stands for them")
          throw ExitCode(1)
        }
        print(
          "至 \(end) 的条目已按保留期清除,其状态写在至 \(state.last) 的条目里 / entries up to \(end) were dropped, their state stands in those up to \(state.last)"
        )
      }
      guard result.isSound else { throw ExitCode(1) }
      print("完好: \(result.entries) 条,至 \(try journal.last().position) / intact")
    }
  }

  struct Why: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "一次求助的每一步 / every step of one call, with its times")
    @Argument(help: "日志文件夹 / journal folder") var folder: String
    @Argument(help: "求助编号 / number of the call") var incident: UInt32

    func run() throws {
      var first: EntryTime?
      try JournalCommand.forEach(folder) { _, entry in
        guard entry.change.incident == incident || entry.change.wallCall == WallCall(station: nil, id: incident) else { return }
        let since =
          first.flatMap { $0.elapsed(at: entry.time) }.map { String(format: "%+10.3f s", Double($0.microseconds) / 1_000_000) }
          ?? "           "
        if case .opened(_, let opening) = entry.change {
          var pressed = entry.time
          pressed.wallMilliseconds = pressed.wallMilliseconds(before: opening.ageMilliseconds)
          print("\(JournalCommand.time(pressed))               按下 \(opening.button) / pressed")
        }
        first = first ?? entry.time
        print("\(JournalCommand.time(entry.time)) \(since)  \(ChangeText.text(entry.change))")
      }
      guard first != nil else {
        let dropped = try JournalCommand.dropped(JournalReader(folder: folder)).map {
          ";至 \($0.end) 的条目已清除 / entries up to \($0.end) were dropped"
        }
        throw Failure("日志里没有 \(incident) 号求助 / no call \(incident) in this journal\(dropped ?? "")")
      }
    }
  }
}

struct ReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay", abstract: "重放录制,打印它导致的日志 / repeats a recording and prints the entries it leads to")
  @Argument(help: "录制文件 / recording") var recording: String

  func run() throws {
    // A line that was cut off may end within a character.
    guard let bytes = FileManager.default.contents(atPath: recording) else {
      throw Failure("读不了 \(recording) / cannot read it")
    }
    let outcome = try Replay.run(String(decoding: bytes, as: UTF8.self))
    for body in outcome.bodies { print(String(decoding: body, as: UTF8.self)) }
    for line in outcome.unfinished {
      let text = "第 \(line) 行没有写完(程序被终止或磁盘已满),略过 / line \(line) was not finished (killed, or the disk full) and is passed over\n"
      FileHandle.standardError.write(Data(text.utf8))
    }
  }
}

struct Ports: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "列出串口和 USB 设备 / lists serial ports and USB devices with their places")

  func run() throws {
    let ports = try PortIdentity.list()
    for port in ports { print(port) }
    if ports.isEmpty { print("没有串口 / no serial ports") }
    for device in USBDeviceIdentity.list() {
      let reader = ReaderPlan.knownReaders.contains(device.id) ? " 身份证读卡器 / card reader" : ""
      print("usb: \"\(device.id)\", at: \"\(device.topology)\" \(device.product ?? "")\(reader)")
    }
  }
}
