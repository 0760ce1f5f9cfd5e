import CallPanelDeviceModel
import DeviceKit
import Foundation
import SimulatedSite
import StationRuntime
import Synchronization
import Transports
import VirtualBoards

/// What can be said to a bus of virtual boards.
enum FirmwareCommand: Equatable {
  /// What is said to every simulated bus.
  case bus(BusCommand)
  /// By the emulated machine's keyboard instead of the pin.
  case key(node: Int, button: Int, milliseconds: Int)
  case reset(node: Int)
  /// By a worn contact.
  case bounce(node: Int, button: Int)

  static let help = """
    press N/B            按一下 N 号面板的 B 号按钮(引脚) / press and let go, by the pin
    key N/B              同上,用 QEMU 的键盘,按钮 1 至 5 / the same by the emulator's keyboard, buttons 1 to 5
    hold N/B, release N/B  按住不放,松开 / hold, let go
    housing N open|closed  外壳 / the housing
    bounce N/B           按一下,触点抖动 50 次 / the same by a contact that bounces, 50 edges
    reset N              复位,内存还在 / reset pin; memory is kept
    power N off|on       断电(内存丢失)、来电 / off (memory is lost), on
    wire ok|short|cut N|noise PERMILLE|loss PERMILLE|delay MS
    show                 面板和灯的样子 / panels, and how their lamps look
    """

  /// - Throws: `BusCommandError`.
  init(_ text: String) throws(BusCommandError) {
    let words = text.split(separator: " ").map(String.init)
    switch (words.first, words.count) {
    case ("key", 2), ("bounce", 2):
      // The same place is meant as with `hold`.
      guard case .hand(let node, .press(let button)) = try BusCommand("hold " + words[1]) else { throw .notAButton(words[1]) }
      self =
        words[0] == "key"
        ? .key(node: node, button: Int(button), milliseconds: BusCommand.tapMilliseconds)
        : .bounce(node: node, button: Int(button))
    case ("reset", 2):
      guard let node = Int(words[1]) else { throw .notANumber(words[1]) }
      self = .reset(node: node)
    default: self = .bus(try BusCommand(text))
    }
  }
}

/// Virtual boards on one bus, each with a number from 1 that is also its address.
final class FirmwareBus: Sendable {
  /// Each is a process of some 40 MB.
  static let limit = 32

  private struct State {
    var boards: [VirtualBoard?]
  }

  private let description: BoardDescription
  private let image: String
  private let folder: String
  private let isOwnFolder: Bool
  private let wires: VirtualBus
  private let state: Mutex<State>
  private let ended = DispatchGroup()

  /// - Parameter memory: the folder of the EEPROM files; `nil`: one that is removed by `stop`.
  init(_ description: BoardDescription, link: String, panels: Int, image: String, memory: String?) throws {
    self.description = description
    self.image = image
    isOwnFolder = memory == nil
    folder = memory ?? FileManager.default.temporaryDirectory.path + "/linli-firmware-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    wires = try VirtualBus(link: link)
    state = Mutex(State(boards: Array(repeating: nil, count: panels)))
    do {
      for node in 1...panels { try powerOn(node) }
    } catch {
      if isOwnFolder { try? FileManager.default.removeItem(atPath: folder) }
      throw error
    }
    let wires = wires
    ended.enter()
    let group = ended
    Thread.detachNewThread {
      wires.run()
      group.leave()
    }
  }

  func stop() {
    wires.stop()
    ended.wait()
    let boards = state.withLock { state in
      defer { state.boards = state.boards.map { _ in nil } }
      return state.boards
    }
    for board in boards { board?.stop() }
    if isOwnFolder { try? FileManager.default.removeItem(atPath: folder) }
  }

  private func powerOn(_ node: Int) throws {
    let file = "\(folder)/panel-\(node).eeprom"
    if !FileManager.default.fileExists(atPath: file) {
      // As the workshop leaves it: with its address.
      var memory = try BoardMemory(description)
      memory.save(PanelSettings(address: UInt8(clamping: node)))
      try memory.write(to: file)
    }
    let board = try VirtualBoard(
      description, name: "\(node)", image: image, memory: file, unit: UInt32(1000 + node),
      watching: description.lamps.first?.device)
    state.withLock { $0.boards[node - 1] = board }
    wires.connect(board.serial, at: node - 1)
  }

  private func powerOff(_ node: Int) {
    wires.connect(nil, at: node - 1)
    let board = state.withLock { state in
      defer { state.boards[node - 1] = nil }
      return state.boards[node - 1]
    }
    board?.stop()
  }

  func say(_ line: String) -> String {
    if line == "ping" { return "ok\n" }
    do {
      switch try FirmwareCommand(line) {
      case .bus(.show): return drawing()
      case .bus(let command): try perform(command)
      case .key(let node, let button, let milliseconds):
        let board = try board(node)
        try board.key(button, isDown: true)
        after(milliseconds) { try? board.key(button, isDown: false) }
      case .bounce(let node, let button): try bounce(try board(node), button)
      case .reset(let node): try board(node).reset()
      }
      return "好 / ok\n"
    } catch let error as BusCommandError {
      if case .unknown = error { return "\(DeskControl.failure)不认识的命令 / unknown command:\n\(FirmwareCommand.help)\n" }
      return "\(DeskControl.failure)\(error)\n"
    } catch {
      return "\(DeskControl.failure)\(error)\n"
    }
  }

  private func perform(_ command: BusCommand) throws {
    switch command {
    case .tap(let node, let button, let milliseconds):
      let board = try board(node)
      try board.press(Int(button))
      after(milliseconds) { try? board.release(Int(button)) }
    case .hand(let node, let hand): try perform(hand, node)
    case .wire(let fault): try perform(fault)
    case .all, .show, .signs: throw BusCommandError.unknown("")
    }
  }

  private func perform(_ hand: PanelHand, _ node: Int) throws {
    switch hand {
    case .press(let button): try board(node).press(Int(button))
    case .release(let button): try board(node).release(Int(button))
    case .openHousing: try board(node).openHousing(true)
    case .closeHousing: try board(node).openHousing(false)
    case .powerOff:
      _ = try board(node)
      powerOff(node)
    case .powerOn:
      try check(node)
      powerOff(node)
      try powerOn(node)
    default: throw BusCommandError.unknown("")
    }
  }

  private func perform(_ fault: SimulatedBus.WireFault) throws {
    var faults = VirtualBus.Faults()
    switch fault {
    case .none: break
    case .shorted: faults.isShorted = true
    case .cutBefore(let place):
      try check(place + 1)
      faults.cutBefore = place
    case .noisy(let perMille): faults.noisePerMille = perMille
    case .lossy(let perMille): faults.lossPerMille = perMille
    case .delayed(let milliseconds): faults.delay = .milliseconds(Int(milliseconds))
    case .swapped, .doubled: throw BusCommandError.unknown("")
    }
    wires.setFaults { $0 = faults }
  }

  private func check(_ node: Int) throws {
    let count = state.withLock { $0.boards.count }
    guard (1...count).contains(node) else { throw BusCommandError.noPanel(node, count) }
  }

  private func board(_ node: Int) throws -> VirtualBoard {
    try check(node)
    guard let board = state.withLock({ $0.boards[node - 1] }) else {
      throw Failure("\(node) 号面板没有电;power \(node) on / panel \(node) has no power")
    }
    return board
  }

  /// 50 edges within 15 ms, as a worn contact makes them, then closed for a moment.
  private func bounce(_ board: VirtualBoard, _ button: Int) throws {
    for edge in 0..<50 {
      try board.touch(button, isPressed: edge % 2 == 0)
      usleep(300)
    }
    try board.press(button)
    after(BusCommand.tapMilliseconds) { try? board.release(button) }
  }

  private func after(_ milliseconds: Int, _ body: @escaping @Sendable () -> Void) {
    DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(milliseconds), execute: body)
  }

  /// The panels as a person in the room sees them.
  private func drawing() -> String {
    let boards = state.withLock { $0.boards }
    return boards.enumerated().map { index, board in
      guard let board else { return "\(index + 1)  无电\n" }
      guard board.isRunning else { return "\(index + 1)  \(VirtualBoardError.ended(board: board.name, said: board.said))\n" }
      let lamps = board.board.lamps.indices.map { lamp in
        "\(lamp + 1):\((try? board.lampPattern(lamp + 1))?.rawValue ?? "?")"
      }
      let sounds = (try? board.buzzes()) == true ? " 响" : ""
      return "\(index + 1)  \(lamps.joined(separator: "  "))\(sounds) 复位:\(board.resets)\n"
    }.joined()
  }
}
