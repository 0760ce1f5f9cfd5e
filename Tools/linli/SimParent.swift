import ArgumentParser
import DeviceKit
import DeviceVocabulary
import Foundation
import Journal
import Station
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
    @Option(
      help:
        "证书机构的文件夹,例如街道的 pki;只为 certificate otherName 和 expired 用,临时复制 / folder of the authority, for certificate otherName and expired; copied for a moment"
    ) var authority: String?
    @Option(help: "监听端口 / port to listen on") var port = 8463
    @Option(help: "命令套接字 / control socket") var socket = Socket.parent
    @Option(help: "随机种子,丢失用 / seed of what is lost") var seed: UInt64 = 1

    func run() async throws {
      let signals = Signals()
      try ControlSocket.check(socket)
      let certificates = try ParentCertificates(identity: identity, authority: authority)
      defer { certificates.remove() }
      let simulator = ParentSimulator(name: certificates.own.own.station.text, seed: seed)
      let server = try ThinServer(
        address: "127.0.0.1", port: port, tls: { certificates.shown },
        beat: { simulator.isSilent ? nil : ": \n\n" },
        answer: { await simulator.answer(station: $0, method: $1, path: $2, body: $3) })
      let control = try ControlSocket(path: socket) { line in
        if let said = certificates.say(line) {
          // A connection that stands shows nothing any more.
          server.cut()
          return said
        }
        return simulator.say(line) { server.send($0) }
      }
      Terminal.log("上级在 / parent at https://127.0.0.1:\(server.port)/link/v1/")
      await signals.stop()
      control.stop()
      server.stop()
    }
  }
}

/// The front of a `ParentModel`: clock, HTTP status and what happens on the way.
final class ParentSimulator: Sendable {
  struct State {
    var model = ParentModel()
    var silentUntil: Instant?
    var delayMilliseconds = 0
    var duplicates = false
    var reorders = false
    var lossPercent: UInt32 = 0
    var random: SeededRandom
    /// Batches that have come, and those that were taken.
    var batchesCome = 0
    var batchesTaken = 0
    var commands = DownwardCommands()
  }
  let state: Mutex<State>

  init(name: String, seed: UInt64) {
    state = Mutex(State(random: SeededRandom(seed: seed)))
    state.withLock { $0.model.name = name }
  }

  /// Also ends a silence whose time is over.
  var isSilent: Bool {
    state.withLock { state in
      if let until = state.silentUntil, until <= MonotonicClock.now() {
        state.silentUntil = nil
        if state.model.fault == .silent { state.model.fault = .none }
      }
      return state.model.fault == .silent
    }
  }

  func answer(station: String, method: String, path: String, body: [UInt8]) async -> ThinReply {
    let (delay, isLostUp, isLostDown) = state.withLock { state in
      let isLost = method == "POST" && state.random.chance(state.lossPercent, in: 100)
      let isUp = state.random.chance(1, in: 2)
      return (state.delayMilliseconds, isLost && isUp, isLost && !isUp)
    }
    if delay > 0 { try? await Task.sleep(for: .milliseconds(delay)) }
    if isSilent { return .silence }
    if isLostUp { return .close }
    if path == LinkProtocol.events { await overtake() }
    let reply = state.withLock { Self.answer(&$0, station: station, method: method, path: path, body: body) }
    return isLostDown ? .close : reply
  }

  /// While batches are reordered, every other one waits for the next to pass it, for a second and a half at most.
  private func overtake() async {
    let mine = state.withLock { state in
      state.batchesCome += 1
      return state.batchesCome
    }
    let limit = MonotonicClock.now() + .milliseconds(1_500)
    while state.withLock({ $0.reorders && mine % 2 == 1 && $0.batchesTaken < mine }), MonotonicClock.now() < limit {
      try? await Task.sleep(for: .milliseconds(20))
    }
    state.withLock { $0.batchesTaken = max($0.batchesTaken, mine) }
  }

  private static func answer(_ state: inout State, station: String, method: String, path: String, body: [UInt8]) -> ThinReply {
    let wall = WallTime.now().microsecondsSince1970 / 1000
    let data = Data(body)
    switch (method, path) {
    case ("GET", LinkProtocol.commands):
      return .stream(": \n\n" + state.commands.waiting(at: wall + state.model.clockOffsetMilliseconds))
    case ("POST", LinkProtocol.hello):
      guard let hello = try? JSONDecoder().decode(LinkHello.self, from: data) else { return problem(.malformed) }
      guard hello.station == station else { return problem(.otherStation) }
      return reply(state.model.hello(hello, wallMilliseconds: wall))
    case ("POST", LinkProtocol.pulse):
      guard let pulse = try? JSONDecoder().decode(LinkPulse.self, from: data) else { return problem(.malformed) }
      return reply(state.model.pulse(pulse, wallMilliseconds: wall))
    case ("POST", LinkProtocol.events):
      var entries: [LinkEntry]
      do throws(EventBatch.Mistake) { entries = try EventBatch.decode(body, station: station) } catch {
        return problem(error.refusal)
      }
      guard entries.allSatisfy({ EntryHash.chained(after: $0.before.hash, at: $0.position, body: $0.body) == $0.hash }) else {
        return problem(.malformed)
      }
      if state.reorders { entries.reverse() }
      if state.duplicates { _ = state.model.receive(entries) }
      let answer = state.model.receive(entries)
      state.commands.look(at: state.model.entries)
      return reply(answer)
    case ("POST", LinkProtocol.readings):
      do throws(EventBatch.Mistake) {
        let message = try LinkReadings.decode(body, station: station)
        return reply(state.model.receive(message, at: MonotonicClock.now()))
      } catch {
        return problem(error.refusal)
      }
    default: return problem(.unknownPath)
    }
  }

  private static func reply(_ answer: ParentModel.Answer) -> ThinReply {
    switch answer {
    case .welcome(let welcome): json(welcome)
    case .receipt(let receipt): json(receipt)
    case .pulse(let pulse): json(pulse)
    case .readings(let answer): json(answer)
    case .refused(let refusal): problem(refusal)
    case .nothing: .close
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
}
