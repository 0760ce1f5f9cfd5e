import DeviceKit
import Foundation
import Station
import TestSupport
import Testing

/// The real program and its wall, with what is wrong with real devices.
@Suite(.serialized) struct WallPanelsTests {
  private static let isLong = ProcessInfo.processInfo.environment["LINLI_LONG"] != nil

  /// 64 panels, five of which are not there, each in another way: the others are proved, those five name what is missing.
  @Test func fiveDeadPanelsOfSixtyFourAreNamedAndTheOthersAreProved() throws {
    let hole = try BlackHole()
    let dead = [5: "refused", 20: "black hole", 33: "silent", 50: "taken", 64: "off"]
    let wall = try WallStation(columns: 8, rows: 8) { site in
      // `linli sim wall` serves 127.0.0.1 only.
      site.devices[5].host = "127.0.0.2"
      site.devices[20] = WallSite.Place(port: Int(hole.port), host: BlackHole.host)
    }
    try wall.waitUntilProved("all that are there", except: [5, 20])
    // These are missed within seconds; the first two are given the time of a computer's start.
    for command in ["silent p33", "taken p50", "off p50", "on p50", "off p64"] { try wall.shell.devices(command) }
    try wall.shell.waitUntil("the cards of the last three") {
      let keys = Set(try wall.picture().faults.map(\.key))
      return ["wall p33:wallSilent", "wall p50:wallSilent", "wall p64:wallSilent"].allSatisfy(keys.contains)
    }
    for (scene, input) in [("full", 3), ("day", 2)] {
      try wall.put(scene)
      // What is answered is decided; the picture that says so comes a moment later.
      let picture = try wall.waitUntilProved("\(scene): the other 59", except: Set(dead.keys)) { picture in
        picture.scenes.contains { $0.id == scene && $0.lit == "half" }
      }
      for output in picture.outputs where dead[output.number] != nil {
        #expect(
          output.proof == "unreachable" && output.device == "p\(output.number)" && output.ageMilliseconds != nil, "\(output)")
      }
      #expect(try wall.routes().first == input, "the dead panels' outputs of the matrix are switched all the same")
    }
    let lit = try wall.picture().scenes.first { $0.id == "day" }?.lit
    #expect(lit == "half", "a scene of which five tiles are not proved is not said to be whole")
    if Self.isLong {
      try wall.shell.waitUntil("all five cards") {
        Set(try wall.picture().faults.map(\.key)).isSuperset(of: dead.keys.map { "wall p\($0):wallSilent" })
      }
    }
    for command in ["speak p33", "free p50", "on p64"] { try wall.shell.devices(command) }
    try wall.waitUntilProved("three are back by themselves", except: [5, 20])
    withExtendedLifetime(hole) {}
  }

  /// A matrix and panels that close the connection after every command, one that answers late, and one whose answers are wrong now and then.
  @Test func devicesWithBadHabitsAreServedAndStayProved() throws {
    // From the start: one that begins to close later is missed until it has done so twice.
    let wall = try WallStation(columns: 2, rows: 1, hands: ["closes hub", "closes p1", "late p2 600"])
    try wall.waitUntilProved("the first scene")
    try wall.put("full")
    try wall.waitUntilProved("the second scene") { $0.scenes.first { $0.id == "full" }?.lit == "full" }
    let start = try wall.shell.devices("count")
    for _ in 0..<(Self.isLong ? 60 : 8) {
      sleep(1)
      let unproved = try wall.picture().outputs.filter { !$0.isProved }
      #expect(unproved.isEmpty, "it stays proved")
    }
    #expect(try wall.shell.devices("count") != start, "it was read anew, again and again")
    for command in ["stays hub", "stays p1", "late p2 0", "half hub", "half p1"] { try wall.shell.devices(command) }
    sleep(3)
    for command in ["whole hub", "whole p1", "route hub/1 2"] { try wall.shell.devices(command) }
    try wall.waitUntilProved("what somebody did meanwhile is put right") { _ in (try? wall.routes()) == [3, 3] }
  }

  /// The matrix and a panel lose their power and come back as from the factory, while somebody else takes another's session.
  @Test func whatComesBackIsPutRight() throws {
    let wall = try WallStation(columns: 2, rows: 1)
    try wall.put("full")
    try wall.waitUntilProved("the scene") { _ in (try? wall.routes()) == [3, 3] }
    for command in ["off hub", "off p1", "taken p2"] { try wall.shell.devices(command) }
    try wall.shell.waitUntil("they are missed") { try wall.picture().outputs.allSatisfy { $0.proof == "unreachable" } }
    for command in ["on hub", "on p1", "free p2"] { try wall.shell.devices(command) }
    try wall.waitUntilProved("all is as before") { _ in (try? wall.routes()) == [3, 3] }
    try wall.shell.waitUntil("no card is left") { try wall.picture().faults.isEmpty }
  }
}

/// A port to which nobody gets through: the queue of those who have not been taken is full, and the system drops who comes after.
final class BlackHole {
  /// Another address of this machine than the simulated devices have.
  static let host = "127.0.0.3"
  let port: UInt16
  private let listener: Int32
  private var waiting: [Int32] = []

  init() throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    self.listener = listener
    var address = Self.address(0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = Self.with(&address) {
      bind(listener, $0, length) == 0 && listen(listener, 0) == 0 && getsockname(listener, $0, &length) == 0
    }
    port = UInt16(bigEndian: address.sin_port)
    try #require(isBound)
    for _ in 0..<4 {
      let descriptor = socket(
        AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
      var target = Self.address(port)
      _ = Self.with(&target) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
      waiting.append(descriptor)
    }
  }

  deinit { for descriptor in waiting + [listener] { close(descriptor) } }

  private static func address(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0003).bigEndian
    return address
  }

  private static func with<Result>(_ address: inout sockaddr_in, _ body: (UnsafeMutablePointer<sockaddr>) -> Result) -> Result {
    withUnsafeMutablePointer(to: &address) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1, body) }
  }
}
