import ArgumentParser
import DeviceKit
import DeviceVocabulary
import Foundation
import Station
import StationRuntime

/// What can be asked of a running station by one line: `status`, `readings`, `acknowledge 3 desk`, ...
enum DeskControl {
  /// With what an answer begins that says no.
  static let failure = "不行: "

  static let help = """
    status                      求助、故障、上级与下级 / calls, faults, the parent, stations below
    readings [STATION]          设备读数,本站或下级站点 / latest readings, of this station or of one below
    bus                         总线统计 / counters of the buses
    acknowledge ID POST         接警
    offer ID POST TO            移交
    accept ID POST              接受移交
    refuse ID POST REASON       拒绝移交
    on-scene ID POST            到场
    resolve ID POST NOTE        处置
    close ID POST               结案
    false-alarm ID POST [NOTE]  误按
    drill BUTTON POST           演练
    test BUTTON POST            测试
    bypass BUTTON POST MIN WHY  旁路若干分钟
    end-bypass BUTTON POST      结束旁路
    retest FAULT POST           复测
    silence FAULT POST          静音
    child STATION COMMAND ...   请下级站点办理它的求助 / asks a station below about its call:
                                acknowledge, on-scene, close, accept ID POST; offer ID POST TO;
                                resolve, refuse, false-alarm ID POST TEXT;
                                close-here ID POST NOTE 站点已不认识的求助,在本级结案 / one that it no longer knows
    notice STATION POST TEXT    给下级站点发通知 / words for the desk of a station below
    """

  static func answer(
    _ line: String, board: ViewBoard, readings: (_ station: String?) -> [AgedReading]?, buses: () -> [BusReport],
    submit: (String, DeskRequest.Action) -> DeskAnswer
  ) -> String {
    // What is said here goes into the journal and onto terminals: the same check as for the pages.
    guard line.unicodeScalars.allSatisfy(\.isPlainText) else {
      return "\(failure)命令中有控制字符或改变书写方向的字符,不接受;只用普通文字 / control characters are not accepted, only plain text\n"
    }
    let words = words(of: line)
    if let said = below(line, submit) { return said + "\n" }
    switch words.first {
    case "ping": return "ok\n"
    case "status": return board.get().map(status) ?? "尚未就绪 / not ready yet\n"
    case "readings" where words.count <= 2:
      guard let all = readings(words.dropFirst().first) else { return "\(text(.refused(.unknownChild)))\n" }
      return text(all)
    case "bus" where words.count == 1: return buses().map(\.table).joined()
    // For the doctor.
    case "bus" where words == ["bus", "json"]:
      return ((try? JSONEncoder().encode(buses())).map { String(decoding: $0, as: UTF8.self) } ?? "[]") + "\n"
    default:
      guard let verb = words.first, let line = help.split(separator: "\n").first(where: { $0.hasPrefix(verb + " ") }) else {
        return "\(failure)不认识的命令 / unknown command:\n\(help)\n"
      }
      guard words.count >= 3, let action = action(words) else { return "\(failure)写法 / usage: \(line)\n" }
      return text(submit(words[2], action)) + "\n"
    }
  }

  /// The verb, what it is about, the post, and the rest. Faults of the wall and of terminals have a blank in their names: `source door:sourceDead`.
  private static func words(of line: String) -> [String] {
    let words = line.split(separator: " ", maxSplits: 3).map(String.init)
    guard words.count == 4, ["retest", "silence"].contains(words[0]), FaultKey("\(words[1]) \(words[2])") != nil else {
      return words
    }
    return [words[0], "\(words[1]) \(words[2])"] + words[3].split(separator: " ", maxSplits: 1).map(String.init)
  }

  private static func action(_ words: [String]) -> DeskRequest.Action? {
    let rest = words.count > 3 ? words[3] : ""
    if let id = IncidentID(words[1]) {
      switch words[0] {
      case "acknowledge": return .acknowledge(id)
      case "offer": return rest.isEmpty ? nil : .offerHandOver(id, to: rest)
      case "accept": return .acceptHandOver(id)
      case "refuse": return .refuseHandOver(id, reason: rest)
      case "on-scene": return .onScene(id)
      case "resolve": return .resolve(id, note: rest)
      case "close": return .close(id)
      case "false-alarm": return .falseAlarm(id, note: rest)
      default: return nil
      }
    }
    switch words[0] {
    case "drill": return ButtonID(words[1]).map { .startDrill($0) }
    case "test": return ButtonID(words[1]).map { .announceTest($0) }
    case "bypass":
      let parts = rest.split(separator: " ", maxSplits: 1).map(String.init)
      guard parts.count == 2, let minutes = Int(parts[0]) else { return nil }
      return ButtonID(words[1]).map { .bypass($0, reason: parts[1], minutes: minutes) }
    case "end-bypass": return ButtonID(words[1]).map { .endBypass($0) }
    case "retest": return FaultKey(words[1]).map { .retest($0) }
    case "silence": return FaultKey(words[1]).map { .silenceFault($0) }
    default: return nil
    }
  }

  static func text(_ answer: DeskAnswer) -> String {
    switch answer {
    case .done: "已办 / done"
    case .unrecorded: "\(Texts.unrecorded.chinese) / \(Texts.unrecorded.english)"
    case .late: "\(Texts.late.chinese) / \(Texts.late.english)"
    case .ticket(let ticket, let ahead): "\(ticket.id.shown),前面 \(ahead) 位 / \(ahead) before"
    case .standing(let standing): "\(standing.shown)"
    case .rehearsed(let found): "\(found.switched.reduce(0) { $0 + $1.wishes.count }) 处会切换 / would be switched"
    case .underWay: "正在复测 / under way"
    case .refused(let refusal): "\(failure)\(Texts.text(refusal).chinese) / refused: \(Texts.text(refusal).english)"
    }
  }

  /// `A/3 supplyMillivolts 23950 mV, 4 s`; what is past its time to live says so.
  static func text(_ readings: [AgedReading]) -> String {
    guard !readings.isEmpty else { return "尚无读数 / no reading yet\n" }
    return readings.map { item in
      let quantity = item.measurand.quantity
      return
        "\(item.measurand.device) \(quantity.rawValue) \(item.value) \(quantity.unit), \(item.age.microseconds / 1_000_000) s"
        + (item.isStale ? ", 已过时 / stale\n" : "\n")
    }.joined()
  }

  private static func status(_ view: DeskView) -> String {
    var lines = ["\(view.site): 记录 \(view.entries) 条, 磁盘 \(view.journal.condition.rawValue), 等待 \(view.journal.waiting)"]
    if let receiver = view.receiver { lines.append(text(receiver)) }
    if let link = view.link { lines += text(link) }
    lines += view.notices.map { "通知 \(clock($0.atMilliseconds)) \($0.post): \($0.text)" }
    lines += view.handOvers.map(text)
    lines += view.incidents.map { Terminal.line($0) + ($0.handedDown.map(text) ?? "") }
    lines += view.faults.map(Terminal.line)
    for point in view.callPoints {
      lines.append(
        "  \(point.button) \(point.placeName): \(point.health.rawValue), 灯 \(point.lampShown.map(Terminal.name) ?? "未回读")")
    }
    lines += view.children.flatMap(text)
    return lines.joined(separator: "\n") + "\n"
  }
}

extension DeskControl {
  /// `外部接警中心 host:port: answering, 等待 0, 最近受理 12:34:56`
  private static func text(_ receiver: ReceiverStatus) -> String {
    "外部接警中心 \(receiver.name): \(receiver.condition.rawValue), 等待 \(receiver.waiting)"
      + (receiver.lastAcceptedMilliseconds.map { ", 最近受理 \(clock($0))" } ?? "")
      + (receiver.silentSinceMilliseconds.map { ", 无应答自 \(clock($0))" } ?? "")
  }
}

struct Desk: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "在终端上值班 / asks a running station", discussion: DeskControl.help)
  @OptionGroup var file: SiteArgument
  @Argument(parsing: .captureForPassthrough, help: "命令 / command") var command: [String]

  func run() throws {
    let answer = try Socket.ask(file.site, command.joined(separator: " "))
    print(answer, terminator: "")
    if answer.hasPrefix(DeskControl.failure) { throw ExitCode(1) }
  }
}
