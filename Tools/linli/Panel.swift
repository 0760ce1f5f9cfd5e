import ArgumentParser
import DeviceKit
import DeviceVocabulary
import FirmwareUpdateDriver
import Foundation
import Station
import StationRuntime
import Transports

struct Panel: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "panel", abstract: "呼叫面板的固件和地址 / firmware and address of a call panel",
    discussion: """
      站点在运行就由站点去做,求助照常接收;没有运行就自己打开串口。
      With a running station it is the station that does it, while it goes on taking calls; otherwise the port is opened.
      退出码 / exit code: 0 正常 all well, 1 没有成功或有发现 failed, or findings, 2 看不了 cannot look
      """, subcommands: [Info.self, Identify.self, Update.self, Address.self])

  /// What goes wrong before the panel is asked has exit code 2, as of the doctor.
  static func run(_ body: () throws -> Int32) throws {
    do {
      let code = try body()
      if code != 0 { throw ExitCode(code) }
    } catch let error where error is Failure || error is SiteError || error is ControlError || error is TransportError {
      print(error)
      throw ExitCode(2)
    }
  }

  static func newTicket() -> UInt32 { UInt32.random(in: 1...UInt32.max) }

  /// What became of a job, and the exit code.
  static func conclude(_ job: DeviceJob, _ done: String) -> Int32 {
    guard job.step == .failed || job.step == .unverified else {
      print("✓ \(done)")
      return 0
    }
    print("✗ \(FirmwareTexts.step(job).both)")
    return 1
  }

  static func silent(_ place: String) -> Failure {
    Failure("面板 \(place) 没有应答:检查供电、A/B 线、地址和波特率 / panel \(place) does not answer: check supply, wires, address, speed")
  }

  struct Info: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "面板是什么、固件、自检、故障记录 / what a panel is and how it fares")
    @OptionGroup var place: PanelPlace
    @Argument(help: "站点文件和面板,如 site.yaml A/3 / site file and panel") var words: [String] = []

    func run() throws {
      try Panel.run {
        let (way, rest) = try place.way(words)
        guard rest.isEmpty else { throw ValidationError(PanelPlace.usage) }
        let identity: DeviceIdentity
        switch way {
        case .station(let panel):
          identity = try panel.met()
          let node = try panel.look()
          let state = node?.isLost == true ? "失联 / lost" : "应答 / answers"
          print("面板 \(panel.device) \(panel.name): \(state)")
          if let job = node?.job { print("  \(job.kind.rawValue): \(FirmwareTexts.step(job).both)") }
        case .idle(let bus, let node):
          let panel = try IdlePanel(bus, node: node)
          defer { panel.close() }
          guard let found = try panel.meet() else { throw Panel.silent("\(node)") }
          identity = found
          print("面板 \(node), \(bus.port) \(bus.baud): 应答 / answers")
        }
        print(PanelText.table(identity), terminator: "")
        let remarks = PanelText.remarks(identity)
        for remark in remarks { print("✗ \(remark)") }
        return remarks.isEmpty ? 0 : 1
      }
    }
  }

  struct Identify: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "让面板的灯闪,好找到它 / lets a panel's lamps blink")
    @OptionGroup var place: PanelPlace
    @Option(help: "闪多少秒,0 就停 / seconds, 0 stops it") var seconds = 20
    @Argument(help: "站点文件和面板,如 site.yaml A/3 / site file and panel") var words: [String] = []

    func validate() throws {
      guard (0...60).contains(seconds) else { throw ValidationError("--seconds 0...60") }
    }

    func run() throws {
      try Panel.run {
        let (way, rest) = try place.way(words)
        guard rest.isEmpty else { throw ValidationError(PanelPlace.usage) }
        let job: DeviceJob
        switch way {
        case .station(let panel):
          let ticket = Panel.newTicket()
          func ask() throws { try panel.order("identify", "\(ticket)", "\(seconds)") }
          try ask()
          job = try panel.watch(ticket, again: ask) { _ in }
        case .idle(let bus, let node):
          let panel = try IdlePanel(bus, node: node)
          defer { panel.close() }
          guard try panel.meet() != nil else { throw Panel.silent("\(node)") }
          job = try panel.identify(seconds: UInt8(seconds))
        }
        return Panel.conclude(
          job, seconds == 0 ? "灯不再闪 / the lamps blink no more" : "灯在闪,\(seconds) 秒 / the lamps blink for \(seconds) s")
      }
    }
  }
}
