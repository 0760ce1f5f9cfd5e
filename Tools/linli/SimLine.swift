import ArgumentParser
import Foundation
import StationRuntime
import Transports

extension Sim {
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
    case "cut" where words.count == 1:
      relay.set(.cut)
      // "ok" is said of what is so.
      for _ in 0..<1_000 where !relay.isObeyed { usleep(1_000) }
    case "hole" where words.count == 1: relay.set(.hole)
    case "heal" where words.count == 1: relay.set(.whole)
    case "slow" where words.count == 2:
      guard let rate = Int(words[1]), (1...1_000_000_000).contains(rate) else {
        return "\(DeskControl.failure)slow 1...1000000000\n"
      }
      relay.set(.slow(bytesPerSecond: rate))
    case "show" where words.count == 1:
      let counters = relay.counters
      return
        "\(relay.condition), \(counters.standing) 个连接 / connections, ↑ \(counters.bytesUp) ↓ \(counters.bytesDown) 字节 / bytes\n"
    default: return "\(DeskControl.failure)不认识的命令 / unknown command:\n\(help)\n"
    }
    return "好 / ok\n"
  }
}
