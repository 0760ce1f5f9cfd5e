import ArgumentParser
import DeviceKit
import DeviceVocabulary
import Foundation
import SimulatedSite
import StationRuntime
import Synchronization
import Transports

extension Sim {
  struct Wall: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "wall", abstract: "模拟大屏的设备 / simulated devices of a display wall",
      discussion: "SITE 在站点文件写的端口上模拟它的大屏设备;另一个终端里:linli sim wall --hand 命令 / from another shell --hand:\n\(WallCommand.help)")
    @Argument(help: "站点文件,设备在本机(127.0.0.1)/ site file whose devices are on 127.0.0.1") var site: String?
    @Option(parsing: .remaining, help: "对设备做什么 / what is done to a device") var hand: [String] = []
    @Option(help: "命令套接字 / control socket") var socket = Socket.wall
    @Option(
      name: .customLong("class1"),
      help: "只懂 PJLink 一级的投影机,可写几次;别的是二级 / a projector of PJLink class 1, may be repeated; others are class 2") var classOne:
      [String] = []

    func validate() throws {
      guard (site == nil) != hand.isEmpty else { throw ValidationError("SITE 或 / or --hand") }
    }

    func run() async throws {
      guard let site else {
        let answer = try ControlSocket.ask(socket, hand.joined(separator: " "), timeoutSeconds: 5)
        print(answer, terminator: "")
        if answer.hasPrefix(DeskControl.failure) { throw ExitCode(1) }
        return
      }
      let signals = Signals()
      try ControlSocket.check(socket)
      let read = try SiteArgument.read(site)
      guard let wall = read.wall, let plan = read.plan.wall else { throw Failure("站点文件里没有 wall / the site file has no wall") }
      for name in classOne where !wall.devices.contains(where: { $0.name == name && $0.kind == .pjlink }) {
        throw Failure("站点文件里没有 pjlink 设备 \(name) / the site file has no pjlink device \(name)")
      }
      let front = try WallFront(wall, inputs: plan.sources.flatMap(\.inputs), classOne: classOne)
      let control = try ControlSocket(path: socket) { front.say($0) }
      let ended = startThread("wall") { front.run() }
      Terminal.log("大屏设备 / devices of the wall: \(front.names.joined(separator: ", "))")
      if !front.left.isEmpty { Terminal.log("没有模拟 / not simulated: \(front.left.joined(separator: ", "))") }
      await signals.stop()
      control.stop()
      front.stop()
      _ = ended.wait(timeout: .now() + 2)
    }
  }
}

/// A line for the simulated devices.
enum WallCommand {
  static let help = """
    show                         每台设备现在的样子 / how each device is
    count                        每台设备收到过多少 / connections and bytes that each device was sent since the start
    off NAME[/N], on NAME[/N]    拔掉电源、插上,没电时毫无回应 / its plug; without power nothing comes back (N: one panel of a chain)
    lock NAME/N, unlock NAME/N   被遥控器锁定:应答了但不切换 / acknowledges, and does not switch
    route NAME/N INPUT           有人在矩阵面板上切换 / somebody turns a knob of the matrix
    remote NAME/N INPUT          有人用屏的遥控器换输入,写站点文件里的名字 / somebody uses the display's remote control: the site file's names
    odd NAME/N WORD              投影机把 WORD 当作输入来回答 / a projector says WORD where it is asked for its input
    late NAME MS                 晚这么多毫秒应答 / answers so much later
    silent NAME, speak NAME      不应答、又应答 / stops answering, and answers again
    garble NAME PERTHOUSAND      发出的字节出错 / so many bytes of a thousand arrive wrong
    half NAME, whole NAME        应答只发一半、发完整 / answers end in the middle
    closes NAME, stays NAME      每条命令后断开、不断 / closes after each command
    taken NAME, free NAME        别人占着会话,连上即断开 / somebody else has the only session: who comes is hung up on
    shift NAME N                 背板编号差 N / the numbers at its back differ by N
    fan NAME/N, hot NAME/N, well NAME/N   风扇坏、过热、正常 / trouble of a panel
    """

  /// The device's name and what is done; `nil` for what is none of these.
  static func read(_ line: String) -> (device: String, WallHand)? {
    let words = line.split(separator: " ").map(String.init)
    guard words.count >= 2 else { return nil }
    let port = WallPort(words[1])
    let name = port?.device ?? words[1]
    let number = words.count == 3 ? Int(words[2]) : nil
    switch (words[0], words.count) {
    case ("off", 2): return (name, .power(port?.number, false))
    case ("on", 2): return (name, .power(port?.number, true))
    case ("lock", 2): return port.map { (name, .lock($0.number, true)) }
    case ("unlock", 2): return port.map { (name, .lock($0.number, false)) }
    case ("route", 3):
      return port.flatMap { port in number.flatMap { UInt16(exactly: $0) }.map { (name, .route(port.number, $0)) } }
    case ("remote", 3): return port.map { (name, .remote($0.number, words[2])) }
    case ("odd", 3): return port.map { (name, .odd($0.number, words[2])) }
    case ("late", 3): return number.flatMap { (0...60_000).contains($0) ? (name, .late($0)) : nil }
    case ("silent", 2): return (name, .silent(true))
    case ("speak", 2): return (name, .silent(false))
    case ("garble", 3): return number.flatMap { (0...1000).contains($0) ? (name, .garble(UInt32($0))) : nil }
    case ("half", 2): return (name, .halves(true))
    case ("whole", 2): return (name, .halves(false))
    case ("closes", 2): return (name, .closes(true))
    case ("stays", 2): return (name, .closes(false))
    case ("taken", 2): return (name, .taken(true))
    case ("free", 2): return (name, .taken(false))
    case ("shift", 3): return number.flatMap { UInt16(exactly: $0) }.map { (name, .shift($0)) }
    case ("fan", 2): return port.map { (name, .fan($0.number, true)) }
    case ("hot", 2): return port.map { (name, .hot($0.number, true)) }
    case ("well", 2): return port.map { (name, .fan($0.number, false)) }
    default: return nil
    }
  }
}

/// The models behind their ports, on one thread.
final class WallFront: Sendable {
  private struct Device {
    var plan: WallDevicePlan
    var model: WallModel
    let listener: StreamListener
    var sessions = 0
    var bytes = 0
  }
  private let devices: Mutex<Handed>
  private let wake: WakeSignal
  private let stopFlag = StopFlag()
  let names: [String]
  /// Devices of the site file that nothing here stands in for, each with the reason.
  let left: [String]

  /// Listeners belong to whoever holds the lock.
  private struct Handed: @unchecked Sendable { var devices: [Device] }

  /// - Parameter classOne: names of projectors that know no class 2.
  init(_ wall: WallDevices, inputs: [WallPort], classOne: [String]) throws {
    var made: [Device] = []
    var left: [String] = []
    for plan in wall.devices {
      guard case .network(let host, let port) = plan.connection, ["127.0.0.1", "localhost"].contains(host) else {
        left.append("\(plan.name) (\(Self.reason(plan.connection)))")
        continue
      }
      let highest = inputs.filter { $0.device == plan.name }.map(\.number).max() ?? 1
      guard let model = WallModel(plan, inputs: highest, pjlinkClass: classOne.contains(plan.name) ? 1 : 2) else { continue }
      made.append(Device(plan: plan, model: model, listener: try StreamListener(port: UInt16(clamping: port))))
    }
    names = made.map { "\($0.plan.name) (\($0.plan.kind.rawValue), \($0.listener.port))" }
    self.left = left
    wake = try WakeSignal()
    devices = Mutex(Handed(devices: made))
  }

  private static func reason(_ connection: WallDevicePlan.Connection) -> String {
    switch connection {
    case .network(let host, _): "在 \(host),不在本机 / not on this machine"
    case .serial: "串口 / a serial port"
    case .none: "由 linli wall play 演 / that is linli wall play"
    }
  }

  func stop() {
    stopFlag.raise()
    wake.raise()
  }

  func run() {
    var ready = ReadySet()
    while !stopFlag.isRaised {
      wake.clear()
      var until = MonotonicClock.now() + .milliseconds(500)
      ready.removeAll()
      ready.watch(wake.fileDescriptor, as: -1, output: false)
      devices.withLock { handed in
        for index in handed.devices.indices {
          Self.serve(&handed.devices[index])
          let device = handed.devices[index]
          let descriptor = device.listener.descriptorToWaitOn
          if descriptor >= 0 { ready.watch(descriptor, as: index, output: device.listener.hasBytesWaiting) }
          if let due = device.model.deadline { until = min(until, due) }
        }
      }
      ready.wait(until: until) { _, _ in }
    }
  }

  private static func serve(_ device: inout Device) {
    let now = MonotonicClock.now()
    let listener = device.listener
    heedPower(device, now)
    listener.serve { reading in
      switch reading {
      case .bytes(let bytes):
        device.bytes += bytes.count
        give(.received(bytes), &device, now)
      case .connected:
        device.sessions += 1
        // Somebody else has its session; the system has taken the connection already.
        if device.model.accepts(at: now) { give(.connected, &device, now) } else { device.listener.hangUp() }
      case .closed: give(.disconnected, &device, now)
      case .nothing: break
      }
    }
    give(.wake, &device, now)
  }

  private static func give(_ input: WallModel.Input, _ device: inout Device, _ now: Instant) {
    perform(device.model.handle(input, at: now), device, now)
  }

  private static func perform(_ effects: [WallModel.Effect], _ device: Device, _ now: Instant) {
    heedPower(device, now)
    for effect in effects {
      switch effect {
      case .transmit(let bytes): device.listener.write(bytes)
      // Whoever has no power does not say so.
      case .hangUp: if device.model.hasPower { device.listener.hangUp() }
      }
    }
  }

  private static func heedPower(_ device: Device, _ now: Instant) { device.listener.setReachable(device.model.isThere(at: now)) }

  func say(_ line: String) -> String {
    if line == "ping" { return "ok\n" }
    defer { wake.raise() }
    return devices.withLock { handed in
      if line == "show" {
        return handed.devices.map { "\($0.plan.name)  \($0.model.text)\n" }.joined()
      }
      if line == "count" {
        return handed.devices.map { "\($0.plan.name)  连接 sessions \($0.sessions)  字节 bytes \($0.bytes)\n" }.joined()
      }
      guard let (name, hand) = WallCommand.read(line) else {
        return "\(DeskControl.failure)不认识的命令 / unknown command:\n\(WallCommand.help)\n"
      }
      guard let index = handed.devices.firstIndex(where: { $0.plan.name == name }) else {
        let names = handed.devices.map(\.plan.name).joined(separator: ", ")
        return "\(DeskControl.failure)没有设备 \(name);有 / no such device; there are: \(names)\n"
      }
      let now = MonotonicClock.now()
      guard let effects = handed.devices[index].model.hand(hand, at: now) else {
        let names = handed.devices[index].plan.kind.inputNames
        let inputs = if case .remote = hand, !names.isEmpty { ";输入写作 / inputs are: \(names)" } else { "" }
        let has = handed.devices[index].model.extent
        return
          "\(DeskControl.failure)这台设备没有这个,它有\(has.chinese) / this device has nothing like that; it has \(has.english)\(inputs)\n"
      }
      Self.perform(effects, handed.devices[index], now)
      return "好 / ok\n"
    }
  }
}
