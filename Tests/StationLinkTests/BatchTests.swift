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

  /// The journal of the parent has a limit, too, and what it cannot take must not come to it.
  @Test func aBodyAboveTheLimitIsRefusedAndTravelsWithoutItsBytes() throws {
    let fits = entry(1, body: Array(repeating: 0x22, count: LinkProtocol.entryBytes))
    #expect(try EventBatch.decode(EventBatch.encode([fits], station: "a"), station: "a") == [fits])
    var long = entry(2, body: Array(repeating: 0x41, count: LinkProtocol.entryBytes + 1))
    let bytes = try EventBatch.encode([fits, long], station: "a")
    #expect(bytes.count < 2 * LinkProtocol.entryBytes + 2000)
    long.withheldBytes = long.body.count
    long.body = []
    #expect(try EventBatch.decode(bytes, station: "a") == [fits, long])

    var json = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [[String: Any]])
    json[1]["withheld"] = nil
    for (field, value) in [("data", String(repeating: "A", count: LinkProtocol.entryBytes + 1)), ("withheld", "3")]
      as [(String, Any)]
    {
      var wrong = json
      wrong[1][field] = field == "withheld" ? 3 : value
      let batch = [UInt8](try JSONSerialization.data(withJSONObject: wrong))
      #expect {
        try EventBatch.decode(batch, station: "a")
      } throws: {
        guard let mistake = $0 as? EventBatch.Mistake else { return false }
        return mistake.place == "[1].\(field)" && mistake.refusal == (field == "data" ? .tooLarge : .malformed)
      }
    }
  }

  /// Own clocks may say what four digits of a year cannot.
  @Test func aTimeBeyondTheCalendarTravelsAsTheNearestThatIsInIt() throws {
    let entries = [Int64.min, .max].enumerated().map { entry(UInt64($0 + 1), body: [], wall: $1) }
    let read = try EventBatch.decode(EventBatch.encode(entries, station: "a"), station: "a")
    #expect(read.map(\.time.wallMilliseconds) == [-62_167_219_200_000, 253_402_300_799_999])
  }

  @Test func aCommandWithTimesThatCannotBeIsNotRead() throws {
    func command(_ seconds: Int, _ issued: Int64, _ sent: Int64) -> LinkCommand {
      LinkCommand(
        command: ParentCommand(
          number: 1, issuedAtMilliseconds: issued, timeToLiveSeconds: seconds, post: "desk", action: .notice(text: "x")),
        sentAtMilliseconds: sent)
    }
    for good in [command(1, 0, 0), command(604_800, 1_795_000_000_000, (1 << 53) - 1)] {
      #expect(try JSONDecoder().decode(LinkCommand.self, from: JSONEncoder().encode(good)) == good)
    }
    let wrong = [
      command(0, 0, 0), command(-1, 0, 0), command(604_801, 0, 0), command(.max, 0, .max), command(60, -1, 0),
      command(60, .min, 0), command(60, 0, 1 << 53), command(60, 0, -1),
    ]
    for bad in wrong {
      let bytes = try JSONEncoder().encode(bad)
      #expect(throws: DecodingError.self) { try JSONDecoder().decode(LinkCommand.self, from: bytes) }
      // And whoever has one in spite of it reckons without a trap.
      #expect(bad.remainingMilliseconds <= 604_801_000)
    }
    #expect(command(.max, 0, .max).remainingMilliseconds < 0)
  }

  /// It stands in entries of the child's journal, which has a limit.
  @Test func aParentWithANameThatIsNoStationsIsNotGreeted() throws {
    for (name, isRead) in [(String(repeating: "x", count: 160), true), (String(repeating: "x", count: 161), false)] {
      let bytes = try JSONEncoder().encode(
        LinkWelcome(station: name, name: "", receipt: LinkReceipt(contiguous: .start, ranges: []), nowMilliseconds: 0))
      #expect(((try? JSONDecoder().decode(LinkWelcome.self, from: bytes)) != nil) == isRead)
    }
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
