import DeviceKit
import DeviceVocabulary
import Foundation
import NIOConcurrencyHelpers
import StationIdentity
import StationLinkCodec
import StationRuntime
import Testing
import Transports
import Uplink

/// The latest-value lane between both real ends.
@Suite(.serialized, .timeLimit(.minutes(2))) struct ReadingsTests {
  private static let panel = DeviceID(bus: "A", node: 3)

  private static func put(_ value: Int64, _ child: LinkRig.Child, ageSeconds: Int = 0) {
    child.newest.put(
      panel, .supplyMillivolts,
      Reading(value: value, asOf: MonotonicClock.now() - .seconds(ageSeconds), timeToLive: .seconds(15)))
  }

  @Test func theNewestIsAtTheParentWithItsAgeAndInNoJournal() async throws {
    let rig = try LinkRig()
    let child = try rig.startChild()
    #expect(rig.readings.all(of: rig.child).isEmpty)
    Self.put(24_000, child, ageSeconds: 5)
    try await rig.waitUntil("it is there") { !rig.readings.all(of: rig.child).isEmpty }
    let there = try #require(rig.readings.all(of: rig.child).first)
    #expect(there.measurand == Measurand(Self.panel, .supplyMillivolts) && there.value == 24_000)
    #expect(there.age >= .seconds(5) && there.timeToLive == .seconds(15))
    Self.put(23_500, child)
    try await rig.waitUntil("the next is there") { rig.readings.all(of: rig.child).map(\.value) == [23_500] }
    try await rig.waitUntil("the entry is there") { rig.bodies.count == 1 }
    #expect(child.isUp && rig.readings.all(of: "tiexi-04").isEmpty)
    // What the parent's station is told of is heartbeats and listening, and what the child has written is its one entry.
    #expect(rig.bodies == [Array("abc".utf8)])
  }

  /// A parent of another vendor, or of before the time of readings: its 404 need not be in our form.
  @Test func aParentWithoutTheAddressIsAskedOnceAndKept() async throws {
    let rig = try LinkRig()
    let asked = NIOLockedValueBox<[String]>([])
    let tls = try LinkTLS(store: rig.authority.identity)
    let old = try ThinServer(address: "127.0.0.1", port: 0, tls: { tls }) { _, _, path, body in
      asked.withLockedValue { $0.append(path) }
      return Self.oldParent(path, body)
    }
    defer { old.stop() }
    let child = try rig.startChild(port: old.port)
    Self.put(24_000, child)
    try await rig.waitUntil("it was asked") { asked.withLockedValue { $0.contains(LinkProtocol.readings) } }
    // As long as three more would have taken, and a heartbeat, which shows that the path was kept.
    let pulses = asked.withLockedValue { $0.filter { $0 == LinkProtocol.pulse }.count }
    for value in Int64(1)...5 {
      Self.put(value, child)
      try await Task.sleep(for: .seconds(1))
    }
    try await rig.waitUntil("a heartbeat is answered") {
      asked.withLockedValue { $0.filter { $0 == LinkProtocol.pulse }.count } > pulses
    }
    #expect(asked.withLockedValue { $0.filter { $0 == LinkProtocol.readings }.count } == 1)
    #expect(asked.withLockedValue { $0.filter { $0 == LinkProtocol.hello }.count } == 1 && child.isUp)
    #expect(child.log.filter { $0.contains("the parent takes no readings: ") }.count == 1, "\(child.log)")
  }

  private static func oldParent(_ path: String, _ body: [UInt8]) -> ThinReply {
    let answer: (any Encodable)? =
      switch path {
      case LinkProtocol.hello: LinkWelcome(station: "yunfeng", name: "云峰", receipt: LinkCursor().welcome, nowMilliseconds: 0)
      case LinkProtocol.pulse:
        (try? JSONDecoder().decode(LinkPulse.self, from: Data(body))).map { LinkPulseAnswer(nonce: $0.nonce, nowMilliseconds: 0) }
      case LinkProtocol.events:
        (try? EventBatch.decode(body, station: "tiexi-03")).map { entries in
          LinkReceipt(contiguous: entries.last?.head ?? .start, ranges: [])
        }
      default: nil
      }
    if path == LinkProtocol.commands { return .stream("") }
    guard let answer, let json = try? JSONEncoder().encode(answer) else {
      return .answer(status: 404, body: Array("no such page".utf8))
    }
    return .answer(status: 200, body: Array(json))
  }

  /// The certificate decides under which name values are written: what another station holds is not touched.
  @Test func anotherStationCannotWriteUnderThisName() async throws {
    let rig = try LinkRig()
    let own = LinkReadings(
      station: rig.child, boot: "b", sentAt: Instant(microseconds: 9),
      readings: [
        DeviceReading(
          Measurand(Self.panel, .supplyMillivolts), Reading(value: 1, asOf: Instant(microseconds: 9), timeToLive: .seconds(15)))
      ])
    let sent = try await post(own, rig)
    #expect(sent == #"{"held":1,"taken":1}"#)
    var other = own
    other.station = "tiexi-04"
    #expect(try await post(other, rig).contains("\"code\":\"otherStation\""))
    // One with a certificate of the authority, that the parent's site file does not have.
    _ = try rig.authority.issue(for: StationName("tiexi-04"), into: "\(rig.folder)/other", at: Date())
    other.readings[0].reading.value = 2
    #expect(try await post(other, rig, as: "\(rig.folder)/other").contains("\"code\":\"unknownStation\""))
    #expect(rig.readings.all(of: "tiexi-04").isEmpty && rig.readings.all(of: rig.child).map(\.value) == [1])
  }

  private func post(_ readings: LinkReadings, _ rig: LinkRig, as folder: String? = nil) async throws -> String {
    let identity = folder.map { ["--cert", "\($0)/station.pem", "--key", "\($0)/station.key"] } ?? []
    return try await rig.curl(
      identity + ["-H", "content-type: application/json", "--data-binary", "@-", "https://yunfeng/link/v1/readings"],
      input: Data(try readings.encode()))
  }
}
