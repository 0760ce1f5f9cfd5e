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
      site.devices[1] = WallSite.Place(port: Int(peer.port), host: FloodingPeer.host)
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

  private static func line(_ device: String, _ wall: WallStation) throws -> String? {
    let data = Data(try wall.shell.run(["wall", "status", "\(wall.shell.folder)/site.yaml", "--json"]).text.utf8)
    let view = try JSONSerialization.jsonObject(with: data) as? [String: Any]
    return (view?["devices"] as? [[String: Any]])?.first { $0["name"] as? String == device }?["line"] as? String
  }
}

/// Takes every connection, reads nothing, and sends as fast as it goes until it is hung up on.
final class FloodingPeer: Sendable {
  /// Another address of this machine than the simulated devices have.
  static let host = "127.0.0.2"
  let port: UInt16
  private let listener: Int32
  private let seen = Mutex((sessions: 0, bytes: 0))
  var count: (sessions: Int, bytes: Int) { seen.withLock { $0 } }

  init() throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    self.listener = listener
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0002).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, length) == 0 && listen(listener, 4) == 0 && getsockname(listener, $0, &length) == 0
      }
    }
    port = UInt16(bigEndian: address.sin_port)
    try #require(isBound)
    Thread.detachNewThread { [weak self] in
      let piece = [UInt8](repeating: 0x55, count: 16_384)
      while case let taken = accept(listener, nil, nil), taken >= 0 {
        self?.seen.withLock { $0.sessions += 1 }
        while case let sent = send(taken, piece, piece.count, Int32(MSG_NOSIGNAL)), sent > 0 {
          self?.seen.withLock { $0.bytes += sent }
        }
        close(taken)
      }
    }
  }

  deinit {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }
}
