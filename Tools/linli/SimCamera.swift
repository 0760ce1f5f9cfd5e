import ArgumentParser
import Crypto
import DeviceKit
import Foundation
import ONVIFCodec
import ONVIFDeviceModel
import RTSPDeviceModel
import StationRuntime
import Synchronization
import Transports

extension Sim {
  struct Camera: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "camera", abstract: "模拟网络摄像机:ONVIF、RTSP 和被发现 / a simulated camera: ONVIF, RTSP and WS-Discovery",
      discussion:
        "只给本机用(127.0.0.1);另一个终端里:linli sim camera --hand 命令 / for this machine only; from another shell --hand:\n\(CameraCommand.help)"
    )
    @Option(help: "ONVIF 端口 / port") var port = 8180
    @Option(help: "RTSP 端口 / port") var rtsp = 8554
    @Option(help: "名称 / name") var name = "Simulated"
    @Option(help: "账号,不写则不要登录 / user; without it no login is wanted") var user: String?
    @Option(help: "第一行是密码的文件 / file whose first line is the password") var passwordFile: String?
    @Flag(help: "不应答组播的查找 / does not answer WS-Discovery") var hidden = false
    @Option(parsing: .remaining, help: "对摄像机做什么 / what is done to the camera") var hand: [String] = []
    @Option(help: "命令套接字 / control socket") var socket = Socket.camera

    func validate() throws {
      guard (user == nil) == (passwordFile == nil) || !hand.isEmpty else {
        throw ValidationError("--user 和 --password-file 一起写 / go together")
      }
      guard (0...65_535).contains(port), (0...65_535).contains(rtsp) else { throw ValidationError("--port, --rtsp 0...65535") }
    }

    func run() async throws {
      guard hand.isEmpty else {
        let answer = try ControlSocket.ask(socket, hand.joined(separator: " "), timeoutSeconds: 5)
        print(answer, terminator: "")
        if answer.hasPrefix(DeskControl.failure) { throw ExitCode(1) }
        return
      }
      let signals = Signals()
      try ControlSocket.check(socket)
      var password = ""
      if let passwordFile {
        guard let data = FileManager.default.contents(atPath: passwordFile) else {
          throw Failure("读不到 \(passwordFile) / cannot read it")
        }
        password = String(decoding: data.prefix { $0 != 10 && $0 != 13 }, as: UTF8.self)
      }
      let front = try CameraFront(
        port: UInt16(port), rtsp: UInt16(rtsp), name: name, user: user ?? "", password: password, isHidden: hidden)
      let control = try ControlSocket(path: socket) { front.say($0) }
      let ended = startThread("camera") { front.run() }
      Terminal.log("摄像机 / camera: \(front.address)  rtsp://127.0.0.1:\(front.rtspPort)/ch1/main")
      await signals.stop()
      control.stop()
      front.stop()
      _ = ended.wait(timeout: .now() + 2)
    }
  }
}

/// A line for the simulated camera.
enum CameraCommand {
  static let help = """
    show                  朝向、登录、问过什么 / where it looks, logins, what was asked
    silent, speak         不应答、又应答 / stops answering, and answers again
    dark, deliver         不给画面、又给 / stops delivering, and delivers again
    late MS               晚这么多毫秒应答 / answers so much later
    clock SECONDS         时钟快这么多秒 / its clock is so much ahead
    digest, token         要 HTTP 摘要登录、要 WS-Security / wants the login of HTTP, or of WS-Security
    stuck, free           云台卡住、正常 / its motor is stuck, or not
    nat NAME, no-nat      自称这个地址 / calls itself so
    half, chunked, garbage, well   半个应答、分块、乱码、正常 / half answers, in pieces, noise, as it should be
    """

  /// Changes the faults; false: none of these.
  static func perform(_ line: String, _ camera: inout ONVIFCameraModel, _ stream: inout CameraModel) -> Bool {
    let words = line.split(separator: " ").map(String.init)
    let number = words.count == 2 ? Int64(words[1]) : nil
    switch (words.first, words.count) {
    case ("silent", 1): (camera.faults.isSilent, stream.faults.isSilent) = (true, true)
    case ("speak", 1): (camera.faults.isSilent, stream.faults.isSilent) = (false, false)
    case ("dark", 1): stream.faults.hasNoVideo = true
    case ("deliver", 1): stream.faults.hasNoVideo = false
    case ("late", 2):
      guard let number, (0...60_000).contains(number) else { return false }
      camera.faults.answersAfter = .milliseconds(Int(number))
    case ("clock", 2):
      guard let number, abs(number) < 1_000_000_000 else { return false }
      camera.faults.clockAheadSeconds = number
    case ("digest", 1): camera.faults.wantsWebLogin = true
    case ("token", 1): camera.faults.wantsWebLogin = false
    case ("stuck", 1): camera.faults.isStuck = true
    case ("free", 1): camera.faults.isStuck = false
    case ("nat", 2): camera.faults.ownName = words[1]
    case ("no-nat", 1): camera.faults.ownName = nil
    case ("half", 1): camera.faults.sendsHalf = true
    case ("chunked", 1): camera.faults.isChunked = true
    case ("garbage", 1): camera.faults.isGarbage = true
    case ("well", 1):
      camera.faults = ONVIFCameraModel.Faults()
      stream.faults = CameraModel.Faults()
    default: return false
    }
    return true
  }
}

/// The models of a camera behind their ports, on one thread.
final class CameraFront: Sendable {
  private struct State {
    var camera: ONVIFCameraModel
    var stream: CameraModel
    let services: StreamListener
    let media: StreamListener
    let group: MulticastSocket?
    /// Who asked last by multicast.
    var asker: MulticastSocket.Sender?
  }
  /// Listeners belong to whoever holds the lock.
  private struct Handed: @unchecked Sendable { var state: State }

  private let state: Mutex<Handed>
  private let wake: WakeSignal
  private let stopFlag = StopFlag()
  let address: String
  let rtspPort: UInt16

  init(port: UInt16, rtsp: UInt16, name: String, user: String, password: String, isHidden: Bool) throws {
    let services = try StreamListener(port: port)
    let media = try StreamListener(port: rtsp)
    let service = ServiceAddress(host: "127.0.0.1", port: Int(services.port))
    let md5: @Sendable ([UInt8]) -> [UInt8] = { Array(Insecure.MD5.hash(data: $0)) }
    var camera = ONVIFCameraModel(
      address: service, user: user, password: password,
      unixSecondsAtZero: Int64(Date().timeIntervalSince1970) - Int64(MonotonicClock.now().microseconds / 1_000_000),
      sha1: { Array(Insecure.SHA1.hash(data: $0)) }, md5: md5)
    camera.name = name
    // The model of the stream takes any path that ends so.
    camera.profiles[1].stream = "/sub/ch1/main"
    camera.streamPort = Int(media.port)
    camera.id = "urn:" + Discovery.id(Array(Insecure.MD5.hash(data: Array("\(name) \(services.port)".utf8))))
    address = service.text
    rtspPort = media.port
    wake = try WakeSignal()
    let group = isHidden ? nil : try MulticastSocket(group: Discovery.group, port: UInt16(Discovery.port), listens: true)
    state = Mutex(
      Handed(
        state: State(
          camera: camera, stream: CameraModel(user: user, password: password, md5: md5), services: services, media: media,
          group: group)))
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
      state.withLock { handed in
        Self.serve(&handed.state)
        let state = handed.state
        ready.watch(state.services.descriptorToWaitOn, as: 0, output: state.services.hasBytesWaiting)
        ready.watch(state.media.descriptorToWaitOn, as: 1, output: state.media.hasBytesWaiting)
        if let group = state.group { ready.watch(group.descriptor, as: 2, output: false) }
        for due in [state.camera.deadline, state.stream.deadline].compactMap({ $0 }) { until = min(until, due) }
      }
      ready.wait(until: until) { _, _ in }
    }
  }

  private static func serve(_ state: inout State) {
    let now = MonotonicClock.now()
    for _ in 0..<16 {
      guard let (bytes, sender) = state.group?.receive() else { break }
      state.asker = sender
      give(.datagram(bytes), &state, now)
    }
    let services = state.services
    services.serve { reading in
      switch reading {
      case .bytes(let bytes): give(.received(bytes), &state, now)
      case .connected: give(.connected, &state, now)
      case .closed: give(.disconnected, &state, now)
      case .nothing: break
      }
    }
    give(.wake, &state, now)
    let media = state.media
    media.serve { reading in
      switch reading {
      case .bytes(let bytes): giveStream(.received(bytes), &state, now)
      case .connected: giveStream(.connected, &state, now)
      case .closed: giveStream(.disconnected, &state, now)
      case .nothing: break
      }
    }
    giveStream(.wake, &state, now)
  }

  private static func give(_ input: ONVIFCameraModel.Input, _ state: inout State, _ now: Instant) {
    var effects = Effects<ONVIFCameraModel.Effect>()
    state.camera.handle(input, at: now, into: &effects)
    while let effect = effects.takeFirst() {
      switch effect {
      case .transmit(let bytes): state.services.write(bytes)
      case .hangUp: state.services.hangUp()
      case .datagram(let bytes): if let asker = state.asker { state.group?.answer(bytes, to: asker) }
      }
    }
  }

  private static func giveStream(_ input: CameraModel.Input, _ state: inout State, _ now: Instant) {
    var effects = Effects<CameraModel.Effect>()
    state.stream.handle(input, at: now, into: &effects)
    while let effect = effects.takeFirst() {
      switch effect {
      case .transmit(let bytes): state.media.write(bytes)
      case .hangUp: state.media.hangUp()
      }
    }
  }

  func say(_ line: String) -> String {
    if line == "ping" { return "ok\n" }
    defer { wake.raise() }
    return state.withLock { handed in
      if line == "show" {
        let camera = handed.state.camera
        let looks = camera.presets.first { $0.token == camera.position }?.name ?? "-"
        return "position \(looks)  wrong \(camera.wrongLogins)  asked \(camera.operations.suffix(20).joined(separator: " "))\n"
      }
      guard CameraCommand.perform(line, &handed.state.camera, &handed.state.stream) else {
        return "\(DeskControl.failure)不认识的命令 / unknown command:\n\(CameraCommand.help)\n"
      }
      return "好 / ok\n"
    }
  }
}
