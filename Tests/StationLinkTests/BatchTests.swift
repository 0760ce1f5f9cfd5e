import DeviceVocabulary
import Foundation
import StationLinkCodec
import Testing

@Suite struct BatchTests {
  private func entry(_ sequence: UInt64, body: [UInt8], wall: Int64 = 1_795_000_000_250) -> LinkEntry {
    LinkEntry(
      position: JournalPosition(epoch: 7, sequence: sequence), hash: EntryHash([UInt8](repeating: 0xAB, count: 32)) ?? .zero,
      before: JournalHead(position: JournalPosition(epoch: 7, sequence: sequence - 1), hash: .zero),
      time: LinkTime(wallMilliseconds: wall, isSynchronised: sequence % 2 == 0, boot: "b-1", monotonicMicroseconds: .max),
      isLate: sequence % 3 == 0, body: body)
  }

  @Test func storedBytesComeBackByteByByte() throws {
    let bodies: [[UInt8]] = [
      Array(#"{"at":{"wall":1},"change":{"note":"扶起 \"quoted\" \\ \u0000"}}"#.utf8), [], [0xFF, 0x00, 0x80],
      Array("\n\r\t\u{2028}".utf8),
      Array(repeating: 0x22, count: 10_000),
    ]
    let entries = bodies.enumerated().map { entry(UInt64($0 + 1), body: $1) }
    let bytes = try EventBatch.encode(entries, station: "tiexi-03")
    #expect(try EventBatch.decode(bytes, station: "tiexi-03") == entries)
  }

  @Test func timesAreRightAcrossTheCalendar() throws {
    let walls: [Int64] = [0, -1, 951_782_400_000, 951_868_799_999, 1_709_164_800_000, 4_102_444_799_999, -62_135_596_800_000]
    let entries = walls.enumerated().map { entry(UInt64($0 + 1), body: [0x7B, 0x7D], wall: $1) }
    let bytes = try EventBatch.encode(entries, station: "a")
    #expect(try EventBatch.decode(bytes, station: "a").map(\.time.wallMilliseconds) == walls)
    let formatter = ISO8601DateFormatter()
    formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
    let json = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [[String: Any]])
    for (event, wall) in zip(json, walls).prefix(6) {
      let date = formatter.date(from: event["time"] as? String ?? "")
      #expect(date.map { Int64(($0.timeIntervalSince1970 * 1000).rounded()) } == wall)
    }
  }

  @Test func theSourceIsAURIForEveryName() throws {
    let bytes = try EventBatch.encode([entry(1, body: [])], station: "铁西 03")
    let json = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [[String: Any]])
    #expect(json.first?["source"] as? String == "urn:linli:station:%E9%93%81%E8%A5%BF%2003")
    #expect(try EventBatch.decode(bytes, station: "铁西 03").count == 1)
  }

  @Test func anotherStationsEntriesAreRefused() throws {
    let bytes = try EventBatch.encode([entry(1, body: [0x7B, 0x7D])], station: "tiexi-03")
    #expect {
      try EventBatch.decode(bytes, station: "tiexi-04")
    } throws: { ($0 as? EventBatch.Mistake)?.refusal == .otherStation }
  }

  @Test(arguments: [
    ("", "body"), ("{}", "body"), ("[{}]", "[0].id"), (#"[{"id":"7/1"}]"#, "[0].source"), ("[1]", "[0]"), ("[[]]", "[0]"),
    ("\u{0}", "body"), (String(repeating: "[", count: 100_000), "body"),
  ])
  func nonsenseIsNamedWithItsPlace(_ text: String, _ place: String) {
    do throws(EventBatch.Mistake) {
      _ = try EventBatch.decode(Array(text.utf8), station: "a")
      Issue.record("taken: \(text.prefix(40))")
    } catch {
      #expect(error.refusal == .malformed)
      #expect(error.place == place || place == "[0].id" || place == "[0].source", "\(error)")
    }
  }

  @Test func aFlippedByteIsNeverTakenForTheSameBatch() throws {
    let good = try EventBatch.encode([entry(1, body: Array(#"{"a":1}"#.utf8)), entry(2, body: [])], station: "a")
    let original = try EventBatch.decode(good, station: "a")
    for index in good.indices {
      var bad = good
      bad[index] ^= 0x01
      // Either refused with a place, or it says something else.
      guard let decoded = try? EventBatch.decode(bad, station: "a") else { continue }
      #expect(decoded != original || index < 0, "byte \(index)")
    }
  }

  @Test func tooManyEntriesAreRefused() throws {
    let entries = (1...UInt64(LinkProtocol.batchEntries + 1)).map { entry($0, body: []) }
    let bytes = try EventBatch.encode(entries, station: "a")
    #expect { try EventBatch.decode(bytes, station: "a") } throws: { ($0 as? EventBatch.Mistake)?.refusal == .tooLarge }
  }

  @Test func whatIsLeftOfACommandNeedsNoCommonClock() {
    let command = ParentCommand(
      number: 1, issuedAtMilliseconds: 1000, timeToLiveSeconds: 60, post: "desk", action: .acknowledge(incident: 1))
    #expect(LinkCommand(command: command, sentAtMilliseconds: 31_000).remainingMilliseconds == 30_000)
    #expect(LinkCommand(command: command, sentAtMilliseconds: 62_000).remainingMilliseconds == -1000)
    // A parent's clock that was set back gives it no longer life than it had.
    #expect(LinkCommand(command: command, sentAtMilliseconds: -86_400_000).remainingMilliseconds == 60_000)
    #expect(LinkCommand(command: command, sentAtMilliseconds: .min).remainingMilliseconds == 60_000)
  }
}
