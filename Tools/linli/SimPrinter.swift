import ArgumentParser
import DeviceKit
import ESCPOSCodec
import ESCPOSDeviceModel
import Foundation
import StationRuntime
import Transports

extension Sim {
  struct Printer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "模拟号单打印机 / a simulated ticket printer", discussion: "标准输入 / standard input:\n\(PrinterCommandLine.help)")
    @Option(help: "TCP 端口(本机),0 为任意 / TCP port of this machine, 0: any") var tcp: UInt16?
    @Option(help: "伪终端的链接 / link to a pseudo-terminal") var pty: String?
    @Option(help: "纸宽毫米:80 或 58 / width of the paper in millimetres, 80 or 58") var paper = 80
    @Option(help: "状态应答:full, realTimeOnly, none / how it answers status") var status = "full"
    @Flag(help: "没有二维码固件 / no QR firmware") var noQr = false
    @Flag(help: "没有切刀 / no cutter") var noCutter = false
    @Option(help: "每秒处理的字节数 / bytes worked off a second") var speed: Int?

    func validate() throws {
      guard (tcp == nil) != (pty == nil) else { throw ValidationError("--tcp PORT 或 / or --pty LINK") }
      guard paper == 80 || paper == 58 else { throw ValidationError("--paper 80, 58") }
      guard Self.status[status] != nil else { throw ValidationError("--status full, realTimeOnly, none") }
      guard speed ?? 1 > 0 else { throw ValidationError("--speed 1...") }
    }

    private static let status: [String: PrinterTraits.Status] = ["full": .full, "realTimeOnly": .realTimeOnly, "none": .none]

    func run() async throws {
      let signals = Signals()
      let chinese = try ChineseText()
      let table = DoubleByteTable(encode: { chinese.code($0) }, decode: { chinese.scalar($0, $1) })
      let traits = PrinterTraits(
        dots: paper == 80 ? 576 : 384, status: Self.status[status] ?? .full, hasCutter: !noCutter, hasQR: !noQr,
        bytesPerSecond: speed)
      let front = try PrinterFront(
        port: tcp.map { .tcp(try StreamListener(port: $0)) } ?? .pty(try PseudoTerminal(link: pty)),
        model: PrinterModel(traits, table: table))
      Terminal.log("打印机在 \(front.place) / printer ready")
      let handed = HandedPrinter(front: front)
      let ended = startThread("printer") { handed.front.run() }
      await signals.stop()
      front.stop()
      _ = ended.wait(timeout: .now() + 2)
    }
  }
}

/// Only its own thread touches it after it was made, but for `stop`.
private struct HandedPrinter: @unchecked Sendable { let front: PrinterFront }

/// The front of a `PrinterModel`: a port, the clock and a person's hand on standard input.
final class PrinterFront {
  enum Port {
    case tcp(StreamListener)
    case pty(PseudoTerminal)
  }

  private let port: Port
  private var model: PrinterModel
  private var lastSlip: PrintedSlip?
  private var typed: [UInt8] = []
  private var listensToHand = true
  private let wake: WakeSignal
  private let stopFlag = StopFlag()

  init(port: Port, model: PrinterModel) throws {
    self.port = port
    self.model = model
    wake = try WakeSignal()
  }

  var place: String {
    switch port {
    case .tcp(let listener): "127.0.0.1:\(listener.port)"
    case .pty(let terminal): terminal.linkPath ?? terminal.slavePath
    }
  }

  func stop() {
    stopFlag.raise()
    wake.raise()
  }

  func run() {
    while !stopFlag.isRaised {
      wake.clear()
      read()
      give(.wake)
      var set = PollSet()
      _ = set.add(wake.fileDescriptor)
      switch port {
      case .tcp(let listener): _ = set.add(listener.descriptorToWaitOn, output: listener.hasBytesWaiting)
      case .pty(let terminal): _ = set.add(terminal.descriptorToWaitOn)
      }
      let hand = set.add(listensToHand ? STDIN_FILENO : -1)
      _ = set.wait(until: min(model.deadline ?? .distantFuture, MonotonicClock.now() + .milliseconds(500)))
      if let hand, !set[hand].isEmpty { readHand() }
    }
    if case .pty(let terminal) = port { terminal.hangUp() }
  }

  private func read() {
    switch port {
    case .tcp(let listener):
      listener.write([])
      for _ in 0..<16 {
        switch listener.read() {
        case .bytes(let bytes): give(.received(bytes))
        // Switched off it takes nobody.
        case .connected: if !model.isPowered { listener.hangUp() }
        case .closed: continue
        case .nothing: return
        }
      }
    case .pty(let terminal):
      var buffer = FixedBytes<256>()
      for _ in 0..<16 {
        guard case .bytes = terminal.read(into: &buffer) else { return }
        give(.received(buffer.withSpan { span in span.indices.map { span[$0] } }))
      }
    }
  }

  private func give(_ input: PrinterModel.Input) {
    var effects = Effects<PrinterModel.Effect>()
    var input = input
    repeat {
      model.handle(input, at: MonotonicClock.now(), into: &effects)
      while let effect = effects.takeFirst() { perform(effect) }
      input = .wake
    } while model.deadline == .zero
  }

  private func perform(_ effect: PrinterModel.Effect) {
    switch effect {
    case .transmit(let bytes):
      switch port {
      case .tcp(let listener): listener.write(bytes)
      case .pty(let terminal): terminal.write(FixedBytes(bytes))
      }
    case .finished(let slip):
      lastSlip = slip
      Terminal.log("切下一张号单,\(slip.lines.count) 行 / a slip of \(slip.lines.count) lines was cut off")
    case .hangUp: if case .tcp(let listener) = port { listener.hangUp() }
    }
  }

  private func readHand() {
    var buffer = [UInt8](repeating: 0, count: 512)
    let count = Glibc.read(STDIN_FILENO, &buffer, buffer.count)
    guard count > 0 else {
      listensToHand = count < 0 && errno == EINTR
      return
    }
    typed += buffer[..<count]
    while let end = typed.firstIndex(of: 0x0A) {
      say(String(decoding: typed[..<end], as: UTF8.self))
      typed.removeFirst(end + 1)
    }
    // A line that never ends.
    if typed.count > 4_096 { typed.removeAll() }
  }

  private func say(_ line: String) {
    switch PrinterCommandLine(line) {
    case .hand(let hand):
      give(.hand(hand))
      Terminal.log("好 / ok")
    case .slip: print(seen?.text ?? "没有号单 / no slip")
    case .svg(let path):
      do {
        try (seen ?? model.paper).svg { QRCode.rows($0.text) }.write(toFile: path, atomically: true, encoding: .utf8)
        Terminal.log("好 / ok: \(path)")
      } catch {
        Terminal.log("写不了 \(path) / cannot write: \(error.localizedDescription)")
      }
    case .show: Terminal.log(status)
    case nil: Terminal.log("不认识的命令 / unknown command:\n\(PrinterCommandLine.help)")
    }
    fflush(nil)
  }

  /// What hangs out, or else the slip that was cut off last.
  private var seen: PrintedSlip? { model.paper.isBlank ? lastSlip : model.paper }

  private var status: String {
    let names: [(PrinterStatus, String)] = [
      (.offline, "脱机 offline"), (.coverOpen, "开盖 cover open"), (.paperOut, "缺纸 paper out"), (.paperNearEnd, "纸将尽 paper near end"),
      (.cutterError, "切刀故障 cutter error"),
    ]
    let found = names.filter { model.status.contains($0.0) }.map(\.1)
    return !model.isPowered ? "断电 / no power" : found.isEmpty ? "正常 / ready" : found.joined(separator: ", ")
  }
}

/// What a person says to the simulated printer.
enum PrinterCommandLine: Equatable {
  case hand(PrinterModel.Hand)
  case slip
  case svg(String)
  case show

  static let help = """
    paper out|near|ok     缺纸、将尽、换纸 / the paper
    cover open|closed     开盖、合盖 / the cover
    offline, online       脱机、联机
    cutter jam|ok         切刀 / the cutter
    power on|off          电源 / power
    die after N           再收 N 字节后断电 / power goes after N bytes more
    mute on|off           不应答 / answers nothing
    slip                  最近的号单,文字 / the last slip as text
    svg FILE              最近的号单,图片 / the last slip as a picture
    show                  现状 / how it is
    """

  init?(_ line: String) {
    let words = line.split(separator: " ").map(String.init)
    switch words {
    case ["paper", "out"]: self = .hand(.paperOut)
    case ["paper", "near"]: self = .hand(.paperNearEnd)
    case ["paper", "ok"]: self = .hand(.paperOK)
    case ["cover", "open"]: self = .hand(.cover(open: true))
    case ["cover", "closed"]: self = .hand(.cover(open: false))
    case ["offline"]: self = .hand(.offline(true))
    case ["online"]: self = .hand(.offline(false))
    case ["cutter", "jam"]: self = .hand(.cutterError(true))
    case ["cutter", "ok"]: self = .hand(.cutterError(false))
    case ["power", "on"]: self = .hand(.power(true))
    case ["power", "off"]: self = .hand(.power(false))
    case ["mute", "on"]: self = .hand(.mute(true))
    case ["mute", "off"]: self = .hand(.mute(false))
    case ["slip"]: self = .slip
    case ["show"]: self = .show
    default:
      if words.count == 3, words[0] == "die", words[1] == "after", let count = Int(words[2]), count >= 0 {
        self = .hand(.dieAfter(bytes: count))
      } else if words.count == 2, words[0] == "svg" {
        self = .svg(words[1])
      } else {
        return nil
      }
    }
  }
}
