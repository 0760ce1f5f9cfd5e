import DeviceKit
import Foundation
import StationRuntime
import TestSupport
import Testing
import Transports

/// A clean stop comes within five seconds, whatever hangs on the station.
@Suite(.serialized) struct StopTests {
  /// What systemd is told to grant: longer, and it would kill.
  private let limit = 5.0

  @Test func stopsWhileTheBusIsJammedAndPagesHang() throws {
    let shell = try Shell(panels: 2)
    let station = try shell.startStation()
    try shell.waitUntilOnline(2)
    let port = try shell.deskPort()
    // Pages that read nothing of their stream, and one whose request never ends.
    let hanging = try (0..<4).map { number in
      let page = try Connection(port: port)
      page.send(number == 0 ? "POST /api/incidents/1/close HTTP/1.1\r\nHost: localhost\r\n" : Self.stream)
      return page
    }
    _ = try shell.panels("fault 1 jabber")
    try shell.waitUntil("the bus is jammed") { try shell.status().contains("故障 A:busJammed") }
    #expect(try shell.stop(station, seconds: limit) == 0)
    #expect(hanging.count == 4)
    #expect(try shell.entries().last?.change == .stopped)
  }

  @Test func stopsUnderAFloodOfBytes() throws {
    let shell = try Shell {
      "  - name: A\n    port: \($0)/bus\n    panels: [{node: 1, name: 面板, buttons: [{button: 1, place: p}]}]\n"
    }
    let stop = StopFlag()
    defer { stop.raise() }
    let link = "\(shell.folder)/bus"
    Thread.detachNewThread {
      guard let wire = try? PseudoTerminal(link: link) else { return }
      let bytes = FixedBytes<256>([UInt8](repeating: 0x55, count: 256))
      var heard = FixedBytes<256>()
      while !stop.isRaised {
        _ = wire.write(bytes)
        while case .bytes = wire.read(into: &heard) {}
      }
    }
    let station = try shell.startStation()
    try shell.waitUntil("the bus is jammed") { (try? shell.status())?.contains("故障 A:busJammed") == true }
    #expect(try shell.stop(station, seconds: limit) == 0)
  }

  @Test func stopsWhileTheJournalTakesNothingAndLosesNoCall() throws {
    let shell = try Shell(panels: 1)
    let disk = try PrivateDisk(at: "\(shell.folder)/journal", mebibytes: 3)
    defer { disk.close() }
    var station = try shell.startStation(on: disk)
    try shell.waitUntilOnline(1)
    try disk.fill("others")
    try disk.free("journal.ballast")
    try disk.fill("more")
    _ = try shell.panels("press 1/1")
    try shell.waitUntil("the call waits") { try shell.status().contains("【未记录】大厅 (A/1/1)") }
    // Somebody waits for an answer that cannot come.
    let page = try Connection(port: try shell.deskPort())
    page.send(Self.post("/api/incidents/1/acknowledge", #"{"post":"desk"}"#))
    #expect(try shell.stop(station, seconds: limit) == 0)
    try disk.free("others")
    station = try shell.startStation(on: disk)
    try shell.waitUntilLamp(1, 1, shows: "slow")
    #expect(try shell.stop(station, seconds: limit) == 0)
    let list = try disk.run([Shell.linli, "journal", "list", disk.path]).text
    #expect(list.components(separatedBy: "\"opened\"").count == 2 && !list.contains("pressedAgain"))
  }

  @Test(arguments: [false, true]) func theServiceManagerIsToldOverARealSocket(abstract: Bool) throws {
    let shell = try Shell(panels: 1)
    let socket = try NotifySocket(abstract ? "@linli-\(UUID().uuidString)" : "\(shell.folder)/notify")
    let station = try shell.startStation(environment: ["NOTIFY_SOCKET": socket.name, "WATCHDOG_USEC": "400000"])
    try shell.waitUntil("it is alive") { socket.receive().filter { $0 == "WATCHDOG=1" }.count >= 5 }
    #expect(socket.receive().filter { $0 == "READY=1" }.count == 1)
    #expect(try shell.desk("ping") == "ok\n", "ready means that it can be asked")
    #expect(!socket.receive().contains("STOPPING=1"))
    #expect(try shell.stop(station, seconds: limit) == 0)
    let said = socket.receive()
    #expect(said.filter { $0 == "STOPPING=1" }.count == 1)
    #expect(Set(said) == ["READY=1", "WATCHDOG=1", "STOPPING=1"])
  }

  /// A loop that does not come round is not vouched for: the watchdog starves, and the service manager starts the program anew.
  @Test func aStalledStationFeedsNoWatchdog() throws {
    let shell = try Shell(panels: 1)
    let disk = try PrivateDisk(at: "\(shell.folder)/journal", mebibytes: 3)
    defer { disk.close() }
    let socket = try NotifySocket("\(shell.folder)/notify")
    let station = try shell.startStation(environment: ["NOTIFY_SOCKET": socket.name, "WATCHDOG_USEC": "400000"], on: disk)
    try shell.waitUntil("it is alive") { socket.receive().contains("WATCHDOG=1") }
    kill(station.processIdentifier, SIGSTOP)
    sleep(1)
    let before = socket.receive().count
    sleep(1)
    #expect(socket.receive().count == before)
    kill(station.processIdentifier, SIGCONT)
    try shell.waitUntil("it is alive again") { socket.receive().count > before + 2 }
    #expect(try shell.stop(station, seconds: limit) == 0)
  }

  private static let stream = "GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n"

  private static func post(_ path: String, _ body: String) -> String {
    "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }
}

/// The service manager's end: a datagram socket at a path, or with a name of the abstract kind (`@…`).
final class NotifySocket {
  let name: String
  private let descriptor: Int32
  private var said: [String] = []

  init(_ name: String) throws {
    self.name = name
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var bytes = Array(name.utf8)
    if name.hasPrefix("@") { bytes[0] = 0 }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
    let bound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
    }
    try #require(bound == 0)
  }

  deinit { close(descriptor) }

  /// All datagrams so far, oldest first.
  func receive() -> [String] {
    var buffer = [UInt8](repeating: 0, count: 256)
    while true {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      guard count >= 0 else { return said }
      said.append(String(decoding: buffer[..<count], as: UTF8.self))
    }
  }
}
