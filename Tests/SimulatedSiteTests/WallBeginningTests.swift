import DeviceKit
import DeviceVocabulary
import LineProtocolCodec
import StationRuntime
import Testing

@testable import SimulatedSite

/// Each driver knows how what its own device says begins, and takes nobody else for it.
@Suite struct WallBeginningTests {
  private static func plan(_ kind: WallDevicePlan.Kind) throws -> WallDevicePlan {
    var plan = WallDevicePlan(name: "d", kind: kind, connection: .network(host: "10.0.0.5", port: 1))
    plan.ports = [1]
    guard kind == .line else { return plan }
    var text = LineSettings.Text()
    text.route = "SW {in:2} {out:2}"
    text.acknowledgement = "DONE {in:2} {out:2}"
    text.read = "? {out}"
    text.readAnswer = "SHOWS {in} AT {out}"
    plan.quirks.line = try LineSettings(text)
    return plan
  }

  private static let kinds: [WallDevicePlan.Kind] = [
    .videohub, .samsungMDC, .pjlink, .extronSIS, .kramerP3000, .kramerP2000, .line,
  ]

  /// What a device says first to its driver.
  private static func said(_ kind: WallDevicePlan.Kind) throws -> [UInt8] {
    let plan = try plan(kind)
    var driver = try #require(DriverCatalog.wall(plan))
    var model = try #require(WallModel(plan, inputs: 16))
    var now = Instant.zero + .seconds(50)
    let end = now + .seconds(5)
    var said: [UInt8] = []
    var inputs: [WallInput] = [.wake]
    func take(_ effects: [WallModel.Effect]) {
      for case .transmit(let bytes) in effects {
        said += bytes
        inputs.append(.received(bytes))
      }
    }
    while said.count < 64, now < end {
      if inputs.isEmpty {
        now = max(now, min(driver.deadline ?? end, model.deadline ?? end))
        inputs.append(.wake)
        take(model.handle(.wake, at: now))
      }
      var effects = Effects<WallEffect>()
      driver.handle(inputs.removeFirst(), at: now, into: &effects)
      while let effect = effects.takeFirst() {
        switch effect {
        case .write(let bytes): take(model.handle(.received(bytes), at: now))
        case .reopen:
          inputs.append(.linkUp)
          take(model.handle(.connected, at: now))
        case .event: break
        }
      }
    }
    return Array(said.prefix(64))
  }

  @Test(arguments: kinds) func itKnowsItsOwnWhereverThatBreaksOff(_ kind: WallDevicePlan.Kind) throws {
    let driver = try #require(DriverCatalog.wall(try Self.plan(kind)))
    let said = try Self.said(kind)
    try #require(said.count >= 4)
    // Some begin with the end of a line.
    for length in 4...said.count { #expect(driver.isOwn(Array(said.prefix(length))), "\(length): \(said)") }
    #expect(!driver.isOwn([]))
    for other in Self.kinds where other != kind {
      #expect(try !driver.isOwn(Self.said(other)), "\(kind) takes \(other) for its own")
    }
  }

  /// Those that greet with a word of some length are known by it although a bit of each fourth byte is turned over.
  @Test(arguments: [WallDevicePlan.Kind.videohub, .pjlink, .extronSIS]) func aDamagedGreetingIsKnown(_ kind: WallDevicePlan.Kind)
    throws
  {
    let driver = try #require(DriverCatalog.wall(try Self.plan(kind)))
    let said = try Self.said(kind)
    for first in 0..<4 {
      let damaged = said.enumerated().map { at, byte in at % 4 == first ? byte ^ (1 << UInt8(at % 7)) : byte }
      #expect(driver.isOwn(damaged), "\(first): \(damaged)")
    }
  }

  @Test(arguments: kinds) func itTakesNoStrangerForItsOwn(_ kind: WallDevicePlan.Kind) throws {
    let driver = try #require(DriverCatalog.wall(try Self.plan(kind)))
    let strangers = [
      "SSH-2.0-dropbear\r\n", "HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n",
      "220 FTP server ready.\r\n", "login: ", "Invalid command\r\n", "Password: ", "RTSP/1.0 400 Bad Request\r\n",
    ].map { Array($0.utf8) }
    // Telnet's own words; what a serial port hears at another speed.
    let junk: [[UInt8]] = [
      [0xFF, 0xFD, 0x18, 0xFF, 0xFD, 0x20], Array(repeating: 0, count: 64), Array(repeating: 0x55, count: 64),
      (0..<64).map { [0x80, 0xF8, 0x00, 0x78, 0x1E, 0xE6][$0 % 6] },
    ]
    for bytes in strangers + junk {
      for length in 1...bytes.count { #expect(!driver.isOwn(Array(bytes.prefix(length))), "\(length) of \(bytes)") }
    }
  }
}
