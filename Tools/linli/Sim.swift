import ArgumentParser
import CallPanelCodec
import CallPanelDeviceModel
import Consoles
import DeviceKit
import DeviceVocabulary
import Foundation
import SimulatedSite
import StationRuntime
import Synchronization
import Transports

struct Sim: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sim", abstract: "模拟设备 / simulated devices",
    subcommands: [
      Bus.self, Firmware.self, Parent.self, Line.self, Printer.self, Reader.self, Card.self, Wall.self, Camera.self,
      Say.self,
    ],
    defaultSubcommand: Say.self)

  struct Bus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "在伪终端上模拟一条总线 / serves simulated call panels on a pseudo-terminal", discussion: BusCommand.help)
    @Option(help: "伪终端的链接 / link to the pseudo-terminal") var link: String
    @Option(help: "面板数 / number of panels") var panels = 8
    @Option(help: "每面板按钮数 / buttons a panel") var buttons = 2
    @Option(help: "波特率 / baud rate") var baud = 19200
    @Option(help: "命令套接字 / control socket") var socket = Socket.simulator
    @Option(help: "随机种子 / seed") var seed: UInt64 = 1
    @Option(help: "面板出厂时分区 0(和 1)里的固件文件 / image files of the factory in slot 0 (and 1)") var image: [String] = []
    @Option(help: "以后的固件用它验签:Ed25519 公钥,64 位十六进制 / public key that signs later images, 64 hexadecimal digits")
    var imageKey: String?
    @Option(help: "画面板的网页端口 / port of a page that draws the panels") var page: Int?
    @Option(help: "网页文件夹 / folder of the page files") var web: String?

    func validate() throws {
      guard (1...247).contains(panels), (1...8).contains(buttons) else {
        throw ValidationError("--panels 1...247, --buttons 1...8")
      }
      guard image.count <= 2, imageKey.map({ Self.key($0) != nil }) ?? image.isEmpty else {
        throw ValidationError("--image FILE [--image FILE] --image-key 64 位十六进制 / hexadecimal digits")
      }
      guard let rate = UInt32(exactly: baud), PanelMap.baudCode(rate) != nil else {
        throw ValidationError("--baud 4800, 9600, 19200, 38400, 57600, 115200")
      }
    }

    private static func key(_ text: String) -> FixedBytes<32>? {
      let digits = text.compactMap(\.hexDigitValue)
      guard text.utf8.count == 64, digits.count == 64 else { return nil }
      return FixedBytes(stride(from: 0, to: 64, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) })
    }

    func run() async throws {
      let signals = Signals()
      // First of all, as the link would be taken away from the bus that runs.
      try ControlSocket.check(socket)
      let simulator = try BusSimulator(
        link: link, panels: panels, buttons: UInt8(buttons), baud: UInt32(baud), seed: seed,
        images: try image.map { Array(try Data(contentsOf: URL(fileURLWithPath: $0))) }, key: imageKey.flatMap(Self.key))
      let control = try ControlSocket(path: socket) { simulator.say($0) }
      var drawn: PanelsPage?
      do {
        if let page {
          let pages = try PanelsPage(port: page, webRoot: WebRoot.find(web), source: simulator)
          Terminal.log("面板 / panels: http://127.0.0.1:\(pages.port)/")
          drawn = pages
        }
      } catch {
        control.stop()
        throw error
      }
      Terminal.log("总线在 \(link),\(panels) 个面板;linli sim press 3/1 / bus ready")
      let ended = DispatchSemaphore(value: 0)
      Thread.detachNewThread {
        simulator.run()
        ended.signal()
      }
      await signals.stop()
      simulator.stop()
      _ = ended.wait(timeout: .now() + 2)
      control.stop()
      drawn?.stop()
    }
  }

  struct Say: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "say", abstract: "对模拟总线说一句 / tells a simulated bus something",
      discussion: BusCommand.help + "\n被拒绝时退出码是 1 / exit code 1 when it is refused")
    @Option(help: "命令套接字 / control socket") var socket = Socket.simulator
    @Argument(parsing: .captureForPassthrough, help: "命令 / command") var command: [String]

    func run() throws {
      if ["--help", "-h"].contains(command.first) { throw CleanExit.helpRequest(self) }
      try Self.pass(command, to: socket)
    }

    /// The words of a command may look like options, so all behind its verb is passed on; but for the socket, which may stand anywhere.
    static func pass(_ command: [String], to standard: String) throws {
      var socket = standard
      var words = command
      if let place = words.firstIndex(where: { $0 == "--socket" || $0.hasPrefix("--socket=") }) {
        let word = words.remove(at: place)
        if word != "--socket" {
          socket = String(word.dropFirst("--socket=".count))
        } else if words.indices.contains(place) {
          socket = words.remove(at: place)
        }
        guard !socket.isEmpty, word != "--socket" || words.count == command.count - 2 else {
          throw ValidationError("--socket 后面要写套接字的路径 / --socket needs the path of a socket")
        }
      }
      let answer = try ControlSocket.ask(socket, words.joined(separator: " "))
      print(answer, terminator: "")
      if answer.hasPrefix(DeskControl.failure) { throw ExitCode(1) }
    }
  }
}

/// The front of a simulated bus: a pseudo-terminal and the clock around the pure model.
final class BusSimulator: Sendable {
  private struct State {
    var bus: SimulatedBus
    var out: [FixedBytes<256>] = []
    var releases: [(node: Int, button: UInt8, at: Instant)] = []
  }
  private let state: Mutex<State>
  private let terminal: Handed
  private let wake: WakeSignal
  private let stopFlag = StopFlag()

  /// Only the thread in `run` touches the terminal after it was made.
  private struct Handed: @unchecked Sendable { let terminal: PseudoTerminal }

  init(
    link: String, panels: Int, buttons: UInt8, baud: UInt32, seed: UInt64, images: [[UInt8]] = [], key: FixedBytes<32>? = nil
  ) throws {
    terminal = Handed(terminal: try PseudoTerminal(link: link))
    wake = try WakeSignal()
    // Not by the seed: a station that knows the presses of an earlier run would take those of this one for the same.
    let epoch = UInt16.random(in: 1 ... .max)
    let bus = SimulatedBus(
      panels: panels, buttons: buttons, baud: baud, seed: seed, images: images, key: key ?? FixedBytes(), epoch: epoch)
    state = Mutex(State(bus: bus))
    for index in 0..<panels { give(.hand(panel: index, .powerOn(.powerOn, keepsQueue: false))) }
  }

  private func give(_ input: SimulatedBus.Input) {
    state.withLock { state in
      var effects = Effects<SimulatedBus.Effect>()
      state.bus.handle(input, at: MonotonicClock.now(), into: &effects)
      effects.drain { effect in
        if case .transmit(let bytes) = effect { state.out.append(bytes) }
      }
    }
  }

  /// Ends `run`; the link goes with it.
  func stop() {
    stopFlag.raise()
    wake.raise()
  }

  func run() {
    _ = TimedWait.sharpenForThisThread()
    var buffer = FixedBytes<256>()
    var hostLine: ObservedLine?
    defer { terminal.terminal.hangUp() }
    while !stopFlag.isRaised {
      wake.clear()
      while case .bytes = terminal.terminal.read(into: &buffer) {
        // Whoever speaks may have opened the port a moment ago, at another speed than the one before.
        if let line = terminal.terminal.observedLine, line != hostLine, line.baud > 0 {
          hostLine = line
          give(.hostLine(baud: UInt32(clamping: line.baud), stopBits: UInt32(clamping: line.stopBits)))
        }
        give(.received(buffer))
      }
      let now = MonotonicClock.now()
      let released = state.withLock { state in
        let due = state.releases.filter { $0.at <= now }
        state.releases.removeAll { $0.at <= now }
        return due
      }
      for item in released { give(.hand(panel: item.node - 1, .release(item.button))) }
      give(.wake)
      let (out, deadline) = state.withLock { state in
        let out = state.out
        state.out.removeAll()
        let release = state.releases.map(\.at).min()
        return (out, [state.bus.deadline, release].compactMap { $0 }.min())
      }
      for bytes in out { terminal.terminal.write(bytes) }
      var set = PollSet()
      _ = set.add(wake.fileDescriptor)
      _ = set.add(terminal.terminal.descriptorToWaitOn)
      _ = set.wait(until: min(deadline ?? .distantFuture, MonotonicClock.now() + .milliseconds(500)))
    }
  }

  func say(_ line: String) -> String {
    defer { wake.raise() }
    if line == "ping" { return "ok\n" }
    do {
      switch try BusCommand(line) {
      case .show: return drawing()
      case .signs: return signs()
      case .wire(let fault):
        if case .cutBefore(let place) = fault { try check(place + 1) }
        give(.wire(fault))
      case .hand(let node, let hand):
        try check(node)
        give(.hand(panel: node - 1, hand))
      case .all(let hand): for index in 0..<state.withLock({ $0.bus.panels.count }) { give(.hand(panel: index, hand)) }
      case .tap(let node, let button, let milliseconds):
        try check(node)
        give(.hand(panel: node - 1, .press(button)))
        let end = MonotonicClock.now() + .milliseconds(milliseconds)
        state.withLock { $0.releases.append((node, button, end)) }
      }
      return "好 / ok\n"
    } catch {
      return "\(DeskControl.failure)\(error)\n"
    }
  }

  private func check(_ node: Int) throws(BusCommandError) {
    let count = state.withLock { $0.bus.panels.count }
    guard (1...count).contains(node) else { throw .noPanel(node, count) }
  }

  /// The panels as a person in the room sees them.
  private func drawing() -> String {
    state.withLock { state in
      state.bus.panels.enumerated().map { index, panel in
        let lamps = (1...panel.logic.buttons).map { "\($0):\(Self.word(panel, $0))" }.joined(separator: "  ")
        let odd =
          (panel.logic.address == index + 1 ? "" : " 地址 \(panel.logic.address)")
          + (panel.baud == state.bus.timing.baud ? "" : " \(panel.baud) 波特")
        let extra =
          odd + (panel.isPowered ? "" : " 无电") + (panel.showsHostSilence ? " 主机无声" : "") + (panel.isBuzzing ? " 响" : "")
        return "\(index + 1)  \(lamps)\(extra)\n"
      }.joined()
    }
  }

  private func signs() -> String {
    state.withLock { state in
      zip(state.bus.panels, state.bus.signs).enumerated().map { index, item in
        let lit = item.1.lit.enumerated().map { "\($0 + 1):\($1)" }.joined(separator: "  ")
        let silent = (1...item.0.logic.buttons).filter { item.0.logic.settings.silentMask & (1 << ($0 - 1)) != 0 }
        return "\(index + 1)  \(lit)  响:\(item.1.buzzed)" + (silent.isEmpty ? "" : "  静默:\(silent)") + "\n"
      }.joined()
    }
  }

  private static func word(_ panel: SimulatedPanel, _ button: UInt8) -> String {
    switch panel.indicator(of: button) {
    // `linli panel identify`: a light runs over the idle lamps.
    case .off: panel.identifies ? "running" : "off"
    case .fastBlink: "fast"
    case .slowBlink: "slow"
    case .steady: "steady"
    case .coming: "coming"
    case .fault: "fault"
    }
  }
}

extension BusSimulator: PanelsSource {
  func panels() -> [PanelDrawing] {
    state.withLock { state in
      state.bus.panels.enumerated().map { index, panel in
        PanelDrawing(
          node: UInt8(clamping: index + 1), name: "\(index + 1) 号面板", faults: Self.planted(panel),
          buttons: (1...panel.logic.buttons).map { button in
            PanelDrawing.Button(
              number: button, held: panel.contacts & (1 << (button - 1)) != 0,
              indicator: Indicator(rawValue: panel.indicator(of: button).rawValue) ?? .off, lampOn: panel.isLit(button),
              buzzer: panel.isBuzzing,
              line: Self.line(panel.line(of: button)))
          })
      }
    }
  }

  private static func line(_ line: PanelLine) -> LineState {
    switch line {
    case .normal: .normal
    case .open: .open
    case .short: .short
    }
  }

  private static func planted(_ panel: SimulatedPanel) -> [String] {
    var names: [String] = panel.isPowered ? [] : ["power"]
    switch panel.fault {
    case .mute: names.append("mute")
    case .late: names.append("late")
    case .jabber: names.append("jabber")
    default: break
    }
    return names
  }

  func faults() -> [Consoles.PanelFault] {
    [
      .init(id: "power", chinese: "断电", english: "no power", plant: "power {node} off", heal: "power {node} on"),
      .init(id: "mute", chinese: "不应答", english: "does not answer", plant: "fault {node} mute", heal: "fault {node} none"),
      .init(
        id: "late", chinese: "应答慢 400 毫秒", english: "answers 400 ms late", plant: "fault {node} late 400",
        heal: "fault {node} none"),
      .init(
        id: "jabber", chinese: "不停发送", english: "transmits without pause", plant: "fault {node} jabber", heal: "fault {node} none"
      ),
    ]
  }

  func command(_ text: String) async -> String {
    // On the page a finger goes down and up by itself.
    say(text.hasPrefix("press ") ? "hold " + text.dropFirst(6) : text)
  }
}
