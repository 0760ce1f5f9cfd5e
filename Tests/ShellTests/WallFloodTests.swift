import Foundation
import Synchronization
import TestSupport
import Testing

/// A device of the wall that never stops sending, beside those that are as they should be.
@Suite(.serialized) struct WallFloodTests {
  @Test func theOthersAreServedAndItsLineIsClosed() throws {
    let peer = try FloodingPeer()
    // `linli sim wall` serves 127.0.0.1 only.
    let wall = try WallStation(columns: 2, rows: 1) { site in
      site.devices[1] = WallSite.Place(port: Int(peer.port), host: LoopbackPeer.host)
    }
    let shell = wall.shell
    try shell.waitUntil("it is told") { try Self.line("p1", wall) == "flooding" }
    let before = peer.count
    try wall.put("full")
    try wall.waitUntilProved("the other one", except: [1]) { _ in (try? wall.routes()) == [3, 3] }
    // Somebody calls meanwhile.
    _ = try shell.panels("press 1/1")
    try shell.waitUntil("the call is at the wall's console") { try wall.picture().calls.count == 1 }
    // Minutes of it would be gigabytes.
    sleep(4)
    let after = peer.count
    #expect(after.sessions - before.sessions <= 2, "\(before) \(after)")
    #expect(after.bytes <= after.sessions * 16 * 1_024 * 1_024, "\(after)")
    try shell.waitUntil("its card") { try wall.picture().faults.contains { $0.key == "wall p1:wallAnswersWrongly" } }
    let status = try shell.run(["wall", "status", "\(shell.folder)/site.yaml"])
    #expect(status.text.contains("没有问它也发个不停") && status.text.contains("sends without being asked"), "\(status.text)")
    #expect(!status.text.contains("A/B"), "\(status.text)")
    withExtendedLifetime(peer) {}
  }

  /// A control system beside this station wants other pictures, and puts them back within milliseconds.
  @Test func aControllerThatPutsItsOwnBackIsNamedAndKeepsNobodyWaiting() throws {
    let hub = try ContestedHub()
    let wall = try WallStation(columns: 2, rows: 1) { site in
      site.devices[0] = WallSite.Place(port: Int(hub.port), host: LoopbackPeer.host)
    }
    let shell = wall.shell
    try wall.waitUntilProved("the base")
    hub.isContested.withLock { $0 = true }
    try wall.put("full")
    try shell.waitUntil("its card") { try wall.picture().faults.contains { $0.key == "output 1:outputContested" } }
    let before = hub.switched.withLock { $0 }
    _ = try shell.panels("press 1/1")
    try shell.waitUntil("the call is at the wall's console") { try wall.picture().calls.count == 1 }
    #expect(try shell.desk("acknowledge 1 desk").contains("done"))
    sleep(4)
    let count = hub.switched.withLock { $0 } - before
    #expect(count < 40, "the two chase each other: \(count)")
    #expect(try wall.picture().faults.filter { $0.key.hasSuffix(":outputContested") }.count == 1)
    let shown = try shell.run(["wall", "show", "\(shell.folder)/site.yaml"])
    #expect(shown.text.contains("又被别的控制器换走"), "\(shown.text)")
    // Let go, the wall comes back without a hand.
    hub.isContested.withLock { $0 = false }
    try wall.waitUntilProved("all is as it should be", seconds: 90)
  }

  private static func line(_ device: String, _ wall: WallStation) throws -> String? {
    let data = Data(try wall.shell.run(["wall", "status", "\(wall.shell.folder)/site.yaml", "--json"]).text.utf8)
    let view = try JSONSerialization.jsonObject(with: data) as? [String: Any]
    return (view?["devices"] as? [[String: Any]])?.first { $0["name"] as? String == device }?["line"] as? String
  }
}

/// A Videohub of two outputs which another controller wants to have its input 1 on, too: 20 ms after each time that they were switched.
final class ContestedHub: Sendable {
  let isContested = Mutex(false)
  /// How often the other one has switched them back.
  let switched = Mutex(0)
  private let peer: LoopbackPeer
  var port: UInt16 { peer.port }

  init() throws {
    peer = try LoopbackPeer()
    peer.serve { [weak self] client in
      var routes = [0, 0]
      func block() -> String { "VIDEO OUTPUT ROUTING:\n0 \(routes[0])\n1 \(routes[1])\n\n" }
      LoopbackPeer.say(
        "PROTOCOL PREAMBLE:\nVersion: 2.7\n\nVIDEOHUB DEVICE:\nDevice present: true\nModel name: Hub\nVideo inputs: 8\n"
          + "Video outputs: 2\n\n\(block())", to: client)
      var heard = ""
      while let piece = LoopbackPeer.hear(client) {
        heard += piece
        while let end = heard.range(of: "\n\n") {
          let lines = heard[..<end.lowerBound].split(separator: "\n")
          heard.removeSubrange(..<end.upperBound)
          let wanted = lines.dropFirst().map { $0.split(separator: " ").compactMap { Int($0) } }
          LoopbackPeer.say("ACK\n\n", to: client)
          guard lines.first == "VIDEO OUTPUT ROUTING:" else { continue }
          for route in wanted where route.count == 2 && route[0] < 2 { routes[route[0]] = route[1] }
          LoopbackPeer.say(block(), to: client)
          guard !wanted.isEmpty, self?.isContested.withLock({ $0 }) == true else { continue }
          usleep(20_000)
          routes = [0, 0]
          LoopbackPeer.say(block(), to: client)
          self?.switched.withLock { $0 += 1 }
        }
      }
    }
  }
}

/// Takes every connection, reads nothing, and sends as fast as it goes until it is hung up on.
final class FloodingPeer: Sendable {
  private let peer: LoopbackPeer
  private let seen = Mutex((sessions: 0, bytes: 0))
  var port: UInt16 { peer.port }
  var count: (sessions: Int, bytes: Int) { seen.withLock { $0 } }

  init() throws {
    peer = try LoopbackPeer()
    peer.serve { [weak self] client in
      let piece = [UInt8](repeating: 0x55, count: 16_384)
      self?.seen.withLock { $0.sessions += 1 }
      while case let sent = send(client, piece, piece.count, Int32(MSG_NOSIGNAL)), sent > 0 {
        self?.seen.withLock { $0.bytes += sent }
      }
    }
  }
}

/// A listening socket, whose connections are served one after the other.
final class LoopbackPeer: Sendable {
  /// Another address of this machine than the simulated devices have.
  static let host = "127.0.0.2"
  let port: UInt16
  private let listener: Int32

  init() throws {
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0002).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listener = listener
    let isBound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, length) == 0 && listen(listener, 4) == 0 && getsockname(listener, $0, &length) == 0
      }
    }
    port = UInt16(bigEndian: address.sin_port)
    try #require(isBound)
  }

  func serve(_ body: @escaping @Sendable (Int32) -> Void) {
    let listener = listener
    Thread.detachNewThread {
      while case let taken = accept(listener, nil, nil), taken >= 0 {
        body(taken)
        close(taken)
      }
      close(listener)
    }
  }

  static func say(_ text: String, to client: Int32) {
    let bytes = Array(text.utf8)
    _ = send(client, bytes, bytes.count, Int32(MSG_NOSIGNAL))
  }

  /// `nil`: it was hung up on.
  static func hear(_ client: Int32) -> String? {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = recv(client, &buffer, buffer.count, 0)
    return count > 0 ? String(decoding: buffer.prefix(count), as: UTF8.self) : nil
  }

  deinit { shutdown(listener, Int32(SHUT_RDWR)) }
}
