import ArgumentParser
import DeviceVocabulary
import Foundation
import Journal
import StationIdentity
import StationLinkCodec
import StationLinkDeviceModel
import StationRuntime
import Synchronization
import Transports
import Uplink

extension Sim {
  struct Parent: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "会出错的上级 / serves one station below as a parent that misbehaves", discussion: ParentSimulator.help)
    @Option(help: "身份文件夹,例如街道的 pki/station / folder of its certificate and key, for instance a street's pki/station")
    var identity: String
    @Option(help: "监听端口 / port to listen on") var port = 8463
    @Option(help: "命令套接字 / control socket") var socket = Socket.parent

    func run() async throws {
      let signals = Signals()
      try ControlSocket.check(socket)
      let tls = try LinkTLS(store: IdentityStore(folder: identity))
      let simulator = ParentSimulator(name: tls.own.station.text)
      let server = try ThinServer(address: "127.0.0.1", port: port, tls: tls) {
        await simulator.answer(station: $0, method: $1, path: $2, body: $3)
      }
      let control = try ControlSocket(path: socket) { simulator.say($0) }
      Terminal.log("上级在 / parent at https://127.0.0.1:\(server.port)/link/v1/")
      await signals.stop()
      control.stop()
      server.stop()
    }
  }

  struct Line: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "可以拔掉的网线 / a TCP line that can be pulled", discussion: LineCommand.help)
    @Option(help: "监听端口(本机) / port to listen on, of this machine") var listen: UInt16
    @Option(help: "通到 主机:端口 / leads to HOST:PORT") var to: String
    @Option(help: "命令套接字 / control socket") var socket = Socket.line

    func run() async throws {
      let signals = Signals()
      try ControlSocket.check(socket)
      guard let (host, port) = LineCommand.address(to) else {
        throw ValidationError("--to \"\(to)\" 应为 主机:端口,如 127.0.0.1:8463 / accepted: HOST:PORT")
      }
      let relay = try LineRelay(listeningOn: listen, toHost: host, port: port)
      let control = try ControlSocket(path: socket) { LineCommand.say($0, relay) }
      let ended = startThread("line") { relay.run() }
      Terminal.log("网线 / line: 127.0.0.1:\(relay.port) → \(to)")
      await signals.stop()
      control.stop()
      relay.stop()
      _ = ended.wait(timeout: .now() + 2)
    }
  }
}

enum LineCommand {
  static let help = """
    cut         断开:连接中断,新连接被拒绝 / connections are reset and refused
    hole        黑洞:连得上,什么都不通 / connections are taken, nothing passes
    slow BPS    每秒这么多字节 / so many bytes a second each way
    heal        恢复 / as before
    show        现状 / how it is
    """

  static func address(_ text: String) -> (host: String, port: UInt16)? {
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0,
      colon > text.startIndex
    else { return nil }
    return (text[..<colon].trimmingCharacters(in: CharacterSet(charactersIn: "[]")), port)
  }

  static func say(_ line: String, _ relay: LineRelay) -> String {
    let words = line.split(separator: " ").map(String.init)
    switch words.first {
    case "ping" where words.count == 1: return "ok\n"
    case "cut" where words.count == 1: relay.set(.cut)
    case "hole" where words.count == 1: relay.set(.hole)
    case "heal" where words.count == 1: relay.set(.whole)
    case "slow" where words.count == 2:
      guard let rate = Int(words[1]), (1...1_000_000_000).contains(rate) else { return "slow 1...1000000000\n" }
      relay.set(.slow(bytesPerSecond: rate))
    case "show" where words.count == 1:
      let counters = relay.counters
      return
        "\(relay.condition), \(counters.standing) 个连接 / connections, ↑ \(counters.bytesUp) ↓ \(counters.bytesDown) 字节 / bytes\n"
    default: return "不认识的命令 / unknown command:\n\(help)\n"
    }
    return "好 / ok\n"
  }
}

/// The front of a `ParentModel`: clock, HTTP status and what is told by the socket.
final class ParentSimulator: Sendable {
  static let help = """
    silent            收下请求,不应答 / takes requests and never answers
    diskFull, busy    503
    oldVersion        说另一个协议版本 / speaks another version of the protocol
    noReadings        像老程序一样不收读数 / has no address for readings, as older programs
    crashBeforeSync   收下条目,落盘前崩溃 / takes entries and crashes before they are on disk
    loseAnswer        落盘后应答丢失 / has them on disk, the answer is lost
    refuse [CODE]     拒绝本站(默认 unknownStation) / refuses this station
    duplicate         每批收到两次 / gets every batch twice
    clock SECONDS     时钟差 / its clock is wrong by so much
    delay MS          应答迟到 / answers late
    heal              都恢复 / none of these
    show, entries     现状;已落盘的条目 / how it is; what is on its disk
    readings          最新读数 / the newest readings
    """

  private struct State {
    var model = ParentModel()
    var delayMilliseconds = 0
    var duplicates = false
  }
  private let state = Mutex(State())

  init(name: String) {
    state.withLock { $0.model.name = name }
  }

  func answer(station: String, method: String, path: String, body: [UInt8]) async -> ThinReply {
    let delay = state.withLock { $0.delayMilliseconds }
    if delay > 0 { try? await Task.sleep(for: .milliseconds(delay)) }
    return state.withLock { Self.answer(&$0, station: station, method: method, path: path, body: body) }
  }

  private static func answer(_ state: inout State, station: String, method: String, path: String, body: [UInt8]) -> ThinReply {
    let wall = WallTime.now().microsecondsSince1970 / 1000
    let data = Data(body)
    switch (method, path) {
    case ("GET", LinkProtocol.commands):
      return state.model.fault == .silent ? .silence : .stream
    case ("POST", LinkProtocol.hello):
      guard let hello = try? JSONDecoder().decode(LinkHello.self, from: data) else { return problem(.malformed) }
      guard hello.station == station else { return problem(.otherStation) }
      return reply(state.model.hello(hello, wallMilliseconds: wall), state.model.fault)
    case ("POST", LinkProtocol.pulse):
      guard let pulse = try? JSONDecoder().decode(LinkPulse.self, from: data) else { return problem(.malformed) }
      return reply(state.model.pulse(pulse, wallMilliseconds: wall), state.model.fault)
    case ("POST", LinkProtocol.events):
      let entries: [LinkEntry]
      do throws(EventBatch.Mistake) { entries = try EventBatch.decode(body, station: station) } catch {
        return problem(error.refusal)
      }
      guard entries.allSatisfy({ EntryHash.chained(after: $0.before.hash, at: $0.position, body: $0.body) == $0.hash }) else {
        return problem(.malformed)
      }
      if state.duplicates { _ = state.model.receive(entries) }
      return reply(state.model.receive(entries), state.model.fault)
    case ("POST", LinkProtocol.readings):
      do throws(EventBatch.Mistake) {
        let message = try LinkReadings.decode(body, station: station)
        return reply(state.model.receive(message, at: MonotonicClock.now()), state.model.fault)
      } catch {
        return problem(error.refusal)
      }
    default: return problem(.unknownPath)
    }
  }

  private static func reply(_ answer: ParentModel.Answer, _ fault: ParentModel.Fault) -> ThinReply {
    switch answer {
    case .welcome(let welcome): json(welcome)
    case .receipt(let receipt): json(receipt)
    case .pulse(let pulse): json(pulse)
    case .readings(let answer): json(answer)
    case .refused(let refusal): problem(refusal)
    case .nothing: fault == .silent ? .silence : .close
    }
  }

  private static func json(_ value: some Encodable) -> ThinReply {
    guard let data = try? JSONEncoder().encode(value) else { return .close }
    return .answer(status: 200, body: Array(data))
  }

  private static func problem(_ refusal: LinkRefusal) -> ThinReply {
    let problem = LinkProblem(refusal, at: "simulated parent", accepted: "heal", title: "模拟的上级拒绝 / the simulated parent refuses")
    let data = (try? JSONEncoder().encode(problem)) ?? Data()
    let status =
      switch refusal {
      case .busy, .diskUnavailable: 503
      case .unknownPath: 404
      default: 403
      }
    return .answer(status: status, body: Array(data))
  }

  func say(_ line: String) -> String {
    let words = line.split(separator: " ").map(String.init)
    return state.withLock { state in
      switch (words.first, words.count) {
      case ("ping", 1): return "ok\n"
      case ("silent", 1): state.model.fault = .silent
      case ("diskFull", 1): state.model.fault = .diskFull
      case ("busy", 1): state.model.fault = .busy
      case ("oldVersion", 1): state.model.fault = .oldVersion
      case ("noReadings", 1): state.model.fault = .noReadings
      case ("crashBeforeSync", 1): state.model.fault = .crashBeforeSync
      case ("loseAnswer", 1): state.model.fault = .loseAnswer
      case ("refuse", 1...2):
        guard let refusal = words.count == 1 ? .unknownStation : LinkRefusal(rawValue: words[1]) else {
          return "refuse \(LinkRefusal.allCases.map(\.rawValue).joined(separator: " | "))\n"
        }
        state.model.fault = .refuses(refusal)
      case ("duplicate", 1): state.duplicates = true
      case ("clock", 2):
        guard let seconds = Int64(words[1]), abs(seconds) < 1_000_000_000 else { return "clock SECONDS\n" }
        state.model.clockOffsetMilliseconds = seconds * 1000
      case ("delay", 2):
        guard let delay = Int(words[1]), (0...600_000).contains(delay) else { return "delay 0...600000\n" }
        state.delayMilliseconds = delay
      case ("heal", 1):
        state.model.fault = .none
        state.model.clockOffsetMilliseconds = 0
        state.delayMilliseconds = 0
        state.duplicates = false
      case ("show", 1): return Self.drawing(state)
      case ("entries", 1): return state.model.entries.map { "\($0.position) \($0.hash)\n" }.joined()
      case ("readings", 1): return DeskControl.text(state.model.readings.all(at: MonotonicClock.now()))
      default: return "不认识的命令 / unknown command:\n\(Self.help)\n"
      }
      return "好 / ok\n"
    }
  }

  private static func drawing(_ state: State) -> String {
    let model = state.model
    return "\(model.fault), \(model.entries.count) 条 / entries, 连续至 / contiguous \(model.cursor.head.position), "
      + "\(model.cursor.ranges.count) 段 / ranges, 重复 / duplicates \(model.duplicates), 分叉 / branches \(model.branches), "
      + "崩溃 / crashes \(model.crashes)\n"
  }
}
