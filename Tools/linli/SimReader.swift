import ArgumentParser
import DeviceKit
import Foundation
import ResidentCardCodec
import ResidentCardDeviceModel
import StationRuntime
import Synchronization
import Transports

extension Sim {
  struct Reader: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "模拟身份证读卡器 / a simulated reader of resident identity cards",
      discussion:
        "另开一个终端用 linli sim card 放卡、拿卡 / put cards there from another shell with linli sim card:\n\(CardCommandLine.help)")
    @Option(help: "伪终端的链接 / link to a pseudo-terminal") var pty: String
    @Option(help: "命令套接字 / control socket") var socket = Socket.reader
    @Flag(help: "读过的卡不拿走也能再找到 / finds a card again that was read and lies there still") var findsLyingCard = false

    func run() async throws {
      let signals = Signals()
      // First of all, as the link would be taken away from the reader that runs.
      try ControlSocket.check(socket)
      let front = try ReaderFront(link: pty, model: CardReaderModel(.serial, findsLyingCard: findsLyingCard))
      let control = try ControlSocket(path: socket) { front.say($0) }
      Terminal.log("读卡器在 \(pty);linli sim card put / reader ready")
      let ended = startThread("reader") { front.run() }
      await signals.stop()
      control.stop()
      front.stop()
      _ = ended.wait(timeout: .now() + 2)
    }
  }

  struct Card: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "模拟读卡器上的卡 / the card on a simulated reader",
      discussion: CardCommandLine.help + "\n被拒绝时退出码是 1 / exit code 1 when it is refused")
    @Option(help: "命令套接字 / control socket") var socket = Socket.reader
    @Argument(parsing: .captureForPassthrough, help: "命令 / command") var command: [String]

    func run() throws {
      // All behind the verb is passed on, this, too.
      if ["--help", "-h"].contains(command.first) { throw CleanExit.helpRequest(self) }
      try Say.pass(command, to: socket)
    }
  }
}

/// The front of a `CardReaderModel`: a pseudo-terminal, the clock, and a person's hand on a socket.
final class ReaderFront: Sendable {
  private struct State {
    var model: CardReaderModel
    var out: [[UInt8]] = []
    var commands = 0
  }
  /// Only the thread in `run` touches it after it was made.
  private final class Line: @unchecked Sendable {
    var terminal: PseudoTerminal?
    var wasOpen = false
    init(_ terminal: PseudoTerminal) { self.terminal = terminal }
  }

  private let state: Mutex<State>
  private let line: Line
  private let link: String
  private let wake: WakeSignal
  private let stopFlag = StopFlag()

  init(link: String, model: CardReaderModel) throws {
    self.link = link
    line = Line(try PseudoTerminal(link: link))
    wake = try WakeSignal()
    state = Mutex(State(model: model))
  }

  func stop() {
    stopFlag.raise()
    wake.raise()
  }

  func run() {
    while !stopFlag.isRaised {
      wake.clear()
      plugOrUnplug()
      read()
      give(.wake)
      write()
      var set = PollSet()
      _ = set.add(wake.fileDescriptor)
      _ = set.add(line.terminal?.descriptorToWaitOn ?? -1)
      let deadline = state.withLock { $0.model.deadline }
      _ = set.wait(until: min(deadline ?? .distantFuture, MonotonicClock.now() + .milliseconds(500)))
    }
    line.terminal?.hangUp()
  }

  private func plugOrUnplug() {
    let isPlugged = state.withLock { $0.model.isPlugged }
    if !isPlugged {
      line.terminal?.hangUp()
      line.terminal = nil
      line.wasOpen = false
    } else if line.terminal == nil {
      line.terminal = try? PseudoTerminal(link: link)
    }
  }

  private func read() {
    guard let terminal = line.terminal else { return }
    let isOpen = terminal.slaveIsOpen
    if isOpen, !line.wasOpen { give(.open) }
    line.wasOpen = isOpen
    var buffer = FixedBytes<256>()
    for _ in 0..<16 {
      guard case .bytes = terminal.read(into: &buffer) else { return }
      give(.written(buffer.withSpan { span in span.indices.map { span[$0] } }, .whole))
    }
  }

  private func write() {
    let out = state.withLock { state in
      defer { state.out = [] }
      return state.out
    }
    for bytes in out { line.terminal?.write(FixedBytes(bytes)) }
  }

  private func give(_ input: CardReaderModel.Input) {
    state.withLock { state in
      var effects = Effects<CardReaderModel.Effect>()
      state.model.handle(input, at: MonotonicClock.now(), into: &effects)
      while let effect = effects.takeFirst() { if case .bytes(let bytes, _) = effect { state.out.append(bytes) } }
    }
  }

  /// A command from another shell.
  func say(_ line: String) -> String {
    defer { wake.raise() }
    do throws(CardCommandError) {
      switch try CardCommandLine(line) {
      case .ping: return "ok\n"
      case .list: return SyntheticPeople.list
      case .show: return status + "\n"
      case .hands(let hands): for hand in hands { give(.hand(hand)) }
      case .fault(let fault): give(.set(fault))
      }
      return "好 / ok\n"
    } catch {
      return DeskControl.failure + error.text + "\n"
    }
  }

  private var status: String {
    state.withLock { state in
      guard state.model.isPlugged else { return "没有插上 / not plugged in" }
      let card = state.model.hasCard ? "有卡 / a card lies there" : "没有卡 / no card"
      return card + (state.model.fault.map { ", 故障 / fault \($0)" } ?? "")
    }
  }
}
