import ArgumentParser
import DeviceKit
import Foundation
import Station
import StationRuntime
import Synchronization
import Transports

struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "体检总线和上级线路 / examines the buses, of a running station or idle, and the line to the parent",
    discussion: """
      站点在运行就问站点;没有运行就自己打开串口,先听,再只读地询问,从不写任何东西。
      A running station is asked; otherwise the port is opened, listened to and asked by reading only.
      站点文件里有上级时,再逐条线路走一遍:找地址、连端口、核对双方证书、问候上级、比对时钟。
      With a parent in the site file each way to it is gone step by step: address, port, both certificates, greeting, clocks.
      退出码 / exit code: 0 正常 all well, 1 有发现 findings, 2 看不了 cannot look
      """)
  @Argument(help: "站点文件 / site file (YAML)") var site: String?
  @Option(help: "不用站点文件,直接看这个串口 / a port, without a site file") var port: String?
  @Option(help: "串口的波特率,不写就逐个试 / baud rate of --port; tried one after another unless given") var baud: Int?
  @Flag(help: "不到别的波特率和地址去找 / does not look at other baud rates and addresses") var quick = false
  @Option(help: "看运行中的站点多少秒 / how many seconds a running station is watched") var seconds = 5

  func validate() throws {
    guard (site == nil) != (port == nil) else { throw ValidationError("SITE 或 --port 写一个 / give SITE or --port") }
    guard (1...600).contains(seconds) else { throw ValidationError("--seconds 1...600") }
    if let baud, !SiteFile.baudRates.contains(baud) {
      throw ValidationError("--baud " + SiteFile.baudRates.map { "\($0)" }.joined(separator: ", "))
    }
  }

  func run() throws {
    let report = DoctorReport(knowsSite: site != nil)
    do {
      if let port {
        try examine(port, report)
      } else if let site {
        let socket = Socket.station(site)
        let isRunning = ControlSocket.isServed(socket)
        if isRunning { try watch(socket, report) } else { try examine(site: site, report) }
        let file = SiteArgument.folder(of: site)
        examineLine(of: try SiteArgument.read(site), siteFolder: file, isRunning: isRunning, report)
      }
    } catch let error as Failure {
      print(error)
      throw ExitCode(2)
    } catch let error as SiteError {
      print(error)
      throw ExitCode(2)
    } catch let error as ControlError {
      print(error)
      throw ExitCode(2)
    }
    report.conclude()
    if report.code != 0 { throw ExitCode(report.code) }
  }

  /// Two snapshots of a running station, some seconds apart.
  private func watch(_ socket: String, _ report: DoctorReport) throws {
    func buses() throws -> [BusReport] {
      let text = try ControlSocket.ask(socket, "bus json")
      do {
        return try JSONDecoder().decode([BusReport].self, from: Data(text.utf8))
      } catch {
        throw Failure("看不懂站点的回答,版本不同? / the station's answer is not understood; another version? \(text.prefix(200))")
      }
    }
    report.progress("站点在运行,看 \(seconds) s / the station runs; watching it")
    let earlier = try buses()
    Thread.sleep(forTimeInterval: Double(seconds))
    for later in try buses() {
      guard let before = earlier.first(where: { $0.bus == later.bus }) else { continue }
      report.add(later.place, BusInterval(from: before, to: later).findings, heard: later.table)
    }
  }

  private func examine(site path: String, _ report: DoctorReport) throws {
    for bus in try SiteArgument.read(path).buses { look(at: bus, report) }
  }

  /// A port of which nothing is known: every address, at one speed or at each until somebody answers.
  private func examine(_ port: String, _ report: DoctorReport) throws {
    let rates = baud.map { [$0] } ?? [19200, 9600, 115_200, 38400, 57600, 4800, 2400, 1200]
    for (index, rate) in rates.enumerated() {
      if look(at: BusPlan(port: port, baud: rate), report, isLast: index == rates.count - 1) { return }
    }
  }

  /// Whether anything was found that makes looking further useless.
  @discardableResult
  private func look(at bus: BusPlan, _ report: DoctorReport, isLast: Bool = true) -> Bool {
    var options = IdleExamination.Options()
    options.isQuick = quick
    options.progress = { report.progress($0) }
    do {
      let look = try IdleExamination.look(at: bus, options)
      let findings = look.findings
      guard isLast || findings.allSatisfy({ $0.kind != .silentBus }) else { return false }
      report.add(look.place, findings, heard: look.table)
    } catch {
      let line = LineSetting(baud: bus.baud, format: bus.format.rawValue)
      report.add(BusPlace(bus: bus.name, port: bus.port, line: line), [.unopened(bus.port, error)], heard: "", couldLook: false)
    }
    return true
  }
}

/// What the doctor says, and the exit code that goes with it.
final class DoctorReport: Sendable {
  /// Without a site file nobody knows which devices ought to answer.
  private let knowsSite: Bool
  private let state = Mutex<(findings: Int, blind: Bool)>((0, false))

  init(knowsSite: Bool) {
    self.knowsSite = knowsSite
  }

  private var wellText: String {
    knowsSite
      ? "全部正常 / all well"
      : "应答的设备正常;没有站点文件,不知道还该有哪些 / what answered is well; without a site file nobody knows what is missing"
  }

  func progress(_ text: String) {
    FileHandle.standardError.write(Data("… \(text)\n".utf8))
  }

  /// One line for each finding, then what each rests on and what to do next, then what was heard.
  func add(_ place: BusPlace, _ findings: [Finding], heard: String, couldLook: Bool = true) {
    state.withLock { state in
      state.findings += findings.count
      state.blind = state.blind || !couldLook
    }
    print((place.bus.isEmpty ? "" : "总线 \(place.bus): ") + "\(place.port) \(place.line)")
    for finding in findings { print("✗ \(Self.text(finding.verdict))") }
    if findings.isEmpty { print("✓ \(wellText)") }
    for (number, finding) in findings.enumerated() where !(finding.details + finding.steps).isEmpty {
      print("\n\(number + 1). \(Self.text(finding.verdict))")
      for detail in finding.details { print("   \(Self.text(detail))") }
      for step in finding.steps { print("   → \(Self.text(step))") }
    }
    print(heard.isEmpty ? "" : "\n\(heard)")
  }

  /// A part of the line between stations: what went well, and what is wrong, each with what to do.
  func add(line: String, passed: [String], problems: [String]) {
    state.withLock { $0.findings += problems.count }
    print(line)
    for step in passed { print("✓ \(step)") }
    for problem in problems { print("✗ \(problem)") }
    if passed.isEmpty, problems.isEmpty { print("✓ 正常 / well") }
  }

  func conclude() {
    let (findings, blind) = state.withLock { $0 }
    if blind {
      print("有总线看不了 / a bus could not be looked at")
    } else {
      print(findings == 0 ? "结论: \(wellText)" : "结论: \(findings) 处发现 / \(findings) findings")
    }
  }

  var code: Int32 { state.withLock { $0.blind ? 2 : $0.findings > 0 ? 1 : 0 } }

  private static func text(_ text: BilingualText) -> String {
    text.english.isEmpty || text.english == text.chinese ? text.chinese : "\(text.chinese) / \(text.english)"
  }
}

extension BusLook {
  /// What was heard, a row for each device.
  var table: String {
    var lines = ["听到的 / heard: \(listening.bytes) 字节 / bytes in \(listening.milliseconds) ms"]
    for look in nodes {
      var row =
        "  \(look.node.address) \(look.node.name): \(look.answers)/\(look.asked)"
        + (look.garbled > 0 ? " 乱码 / broken \(look.garbled)" : "")
      if let fastest = look.fastest, let slowest = look.slowest {
        row += String(format: " %.1f…%.1f ms", Double(fastest.microseconds) / 1000, Double(slowest.microseconds) / 1000)
      }
      if !look.units.isEmpty { row += " 机身号 / unit " + look.units.map(PanelText.unit).joined(separator: ", ") }
      if let elsewhere = look.elsewhere { row += " → \(elsewhere)" }
      lines.append(row)
      if let identity = look.identity { lines.append("    " + PanelText.line(identity)) }
    }
    for stranger in strangers {
      let unit = stranger.unit.map { " 机身号 / unit \(PanelText.unit($0))" } ?? ""
      let unknown = nodes.isEmpty ? "" : " (站点文件里没有 / not in the site file)"
      lines.append("  \(stranger.address)\(unknown)\(unit)\(stranger.turnaround == nil ? " 乱码 / broken" : "")")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
