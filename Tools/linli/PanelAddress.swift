import ArgumentParser
import DeviceKit
import DeviceVocabulary
import Foundation
import Station
import StationRuntime

extension Panel {
  struct Address: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "改面板的地址和波特率 / another address and speed for a panel",
      discussion: """
        要有人在 60 秒内按住面板上任意一个按钮 5 秒,否则一切照旧。这一按也是一次求助。
        Somebody has to hold a button of the panel for 5 s within 60 s, or everything stays as it is. That press is a call as well.
        """)
    @OptionGroup var place: PanelPlace
    @Option(help: "新地址 1...247 / new address") var to: UInt8
    @Option(help: "新波特率,不写就不变 / new speed; unchanged unless given") var toBaud: Int?
    @Argument(help: "站点文件和面板,如 site.yaml A/3 / site file and panel") var words: [String] = []

    static let speeds = [4800, 9600, 19200, 38400, 57600, 115_200]

    func validate() throws {
      guard (1...247).contains(to), toBaud.map(Self.speeds.contains) ?? true else {
        throw ValidationError("--to 1...247, --to-baud " + Self.speeds.map { "\($0)" }.joined(separator: ", "))
      }
    }

    func run() throws {
      try Panel.run {
        let (way, rest) = try place.way(words)
        guard rest.isEmpty else { throw ValidationError(PanelPlace.usage) }
        switch way {
        case .station(let panel): return try move(panel)
        case .idle(let bus, let node): return try move(bus, node)
        }
      }
    }

    private func move(_ bus: BusPlan, _ node: UInt8) throws -> Int32 {
      let panel = try IdlePanel(bus, node: node)
      defer { panel.close() }
      guard try panel.meet() != nil else { throw Panel.silent("\(node)") }
      let baud = toBaud ?? bus.baud
      guard to != node || baud != bus.baud else { return same() }
      if to != node, try panel.isTaken(to) { return taken() }
      let job = try panel.readdress(to, baud: baud) { Self.show($0) }
      let code = Panel.conclude(job, "面板在 \(to) 号、\(baud) 波特应答 / the panel answers at \(to), \(baud) baud")
      if job.step == .unverified { Self.next(question(bus, baud)) }
      return code
    }

    private func move(_ panel: RunningPanel) throws -> Int32 {
      let unit = try panel.met().unit
      let baud = toBaud ?? panel.bus.baud
      guard to != panel.device.node || baud != panel.bus.baud else { return same() }
      let isInSite = try panel.look(to) != nil && baud == panel.bus.baud
      if to != panel.device.node, let other = try panel.look(to), !other.isLost, other.identity != nil { return taken() }
      let ticket = Panel.newTicket()
      func ask() throws { try panel.order("address", "\(ticket)", "\(to)", "\(baud)") }
      try ask()
      var isShown = false
      var isAwayShown = false
      /// The read-back: the same unit answers at the new address.
      func isThere() throws -> Bool {
        guard isInSite, to != panel.device.node, let node = try panel.look(to), !node.isLost else { return false }
        return node.identity?.unit == unit
      }
      var job = try panel.watch(ticket, again: ask, isMet: { try Self.mayHaveMoved($0) && isThere() }) { job in
        if job.step == .awaitingFinger, !isShown {
          isShown = true
          Self.show(job)
        }
        if job.step == .away, !isAwayShown {
          isAwayShown = true
          print("… \(FirmwareTexts.step(job).both)")
          fflush(nil)
        }
      }
      if isInSite, Self.mayHaveMoved(job) {
        // A node that never answered is looked for now and then only.
        let end = Date(timeIntervalSinceNow: 40)
        while job.step != .done, Date() < end {
          if try isThere() { job.step = .done } else { usleep(300_000) }
        }
      }
      let code = Panel.conclude(job, "面板在 \(to) 号应答 / the panel answers at \(to)")
      if job.step == .unverified { Self.next(question(panel.bus, baud), isHeld: !isInSite) }
      return code
    }

    /// It is not at the old address, as far as its job knows.
    private static func mayHaveMoved(_ job: DeviceJob) -> Bool {
      job.step == .away || job.step == .unverified || job.failure == .silent
    }

    /// The command that asks at the new address: through the site file where that knows it.
    private func question(_ bus: BusPlan, _ baud: Int) -> String {
      if let site = words.first, baud == bus.baud, bus.panels.contains(where: { $0.node == to }) {
        return "linli panel info \(site) \(bus.name)/\(to)"
      }
      return "linli panel info --port \(bus.port) --baud \(baud) --node \(to)"
    }

    /// What a person does who wants to know where the panel is.
    ///
    /// - Parameter isHeld: a station has the port, so that nobody else can ask there.
    private static func next(_ command: String, isHeld: Bool = false) {
      if isHeld { print("→ 串口由站点占着:先停下站点再问 / the station holds the port: stop it first, then ask") }
      print("→ 看它是否在新地址 / see whether it is at the new address: \(command)")
      print(
        "→ 在的话,改好站点文件再重启站点;不在就检查供电和接线 / if it is, change the site file and restart the station; if not, check its supply and wires"
      )
    }

    private static func show(_ job: DeviceJob) {
      guard job.step == .awaitingFinger else { return }
      print("→ 现在请在 60 秒内按住面板上任意一个按钮,按满 5 秒再松开(这一按也是一次求助,值班台会响)")
      print("→ Within 60 s hold any button of the panel for 5 s (that press is a call as well: the duty desk will ring)")
      fflush(nil)
    }

    private func same() -> Int32 {
      print("✓ 本来就是这样 / it is so already")
      return 0
    }

    private func taken() -> Int32 {
      print("✗ \(to) 号已经有设备 / another device answers at \(to): 换一个地址 / choose another address")
      return 1
    }
  }
}
