import DeviceKit
import DeviceVocabulary
import Foundation
import Journal
import Station
import StationIdentity
import StationLinkCodec
import Testing

@testable import StationRuntime

/// The files that other vendors test against are what this program writes and reads.
@Suite struct VectorTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Protocols/StationLink")
  private static let station = "tiexi-03"
  private static let before = JournalHead(
    position: JournalPosition(epoch: 7, sequence: 1022), hash: EntryHash.chained(after: .zero, at: .start, body: []))
  private static let command = LinkCommand(
    command: ParentCommand(
      number: 1_795_595_401_250, issuedAtMilliseconds: 1_795_595_401_250, timeToLiveSeconds: 60, post: "duty",
      action: .acknowledge(incident: 12)), sentAtMilliseconds: 1_795_595_401_262)

  /// A call, and what became of the parent's acknowledgement.
  private static let entries = [
    Entry(
      time: time(1_795_595_400_250),
      change: .opened(
        12,
        Opening(
          button: ButtonID(device: DeviceID(bus: "A", node: 3), button: 1), place: "hall", mark: .real, kind: .press,
          identity: EventIdentity(unit: 1003, epoch: 2, sequence: 41), ageMilliseconds: 180, silent: false, bypassed: false))),
    Entry(time: time(1_795_595_401_300), change: .commandAnswered(command.command.number, .done)),
  ]

  private static func time(_ wall: Int64) -> EntryTime {
    EntryTime(
      wallMilliseconds: wall, synchronised: true, boot: "7f1c0e2a",
      monotonic: Instant(microseconds: UInt64(wall - 1_795_500_000_000) * 1000))
  }

  private static func link() throws -> [LinkEntry] {
    var last = before
    return try entries.enumerated().map { index, entry in
      let body = try EntryCoder().encode(entry)
      let position = JournalPosition(epoch: 7, sequence: 1023 + UInt64(index))
      defer { last = JournalHead(position: position, hash: EntryHash.chained(after: last.hash, at: position, body: body)) }
      return LinkEntry(
        position: position, hash: EntryHash.chained(after: last.hash, at: position, body: body), before: last,
        time: LinkTime(
          wallMilliseconds: entry.time.wallMilliseconds, isSynchronised: true, boot: entry.time.boot,
          monotonicMicroseconds: entry.time.monotonic.microseconds), isLate: false, body: body)
    }
  }

  private static func file(_ name: String) throws -> Data { try Data(contentsOf: folder.appendingPathComponent(name)) }

  @Test func theBatchIsOurs() throws {
    let entries = try Self.link()
    let written = try EventBatch.encode(entries, station: Self.station)
    let vector = try Self.file("Vectors/batch.json")
    #expect(try EventBatch.decode(Array(vector), station: Self.station) == entries)
    let expected = try JSONSerialization.jsonObject(with: vector) as? NSArray
    #expect(try JSONSerialization.jsonObject(with: Data(written)) as? NSArray == expected)
  }

  @Test func theReceiptIsWhatAParentAnswersToTheBatch() throws {
    var cursor = LinkCursor(head: Self.before)
    let entries = try Self.link()
    for entry in entries { #expect(cursor.take(entry.link) == .new) }
    let vector = try JSONDecoder().decode(LinkReceipt.self, from: Self.file("Vectors/receipt.json"))
    #expect(vector == cursor.receipt(for: entries.map(\.position)))
  }

  @Test func theReadingsAreOurs() throws {
    let panel = DeviceID(bus: "A", node: 3)
    let asOf = Instant(microseconds: 95_400_250_000)
    let readings = LinkReadings(
      station: Self.station, boot: "7f1c0e2a", sentAt: Instant(microseconds: 95_402_000_000),
      readings: [(Quantity.supplyMillivolts, Int64(23_950)), (.upTimeSeconds, 86_412)].map { quantity, value in
        DeviceReading(Measurand(panel, quantity), Reading(value: value, asOf: asOf, timeToLive: .seconds(15)))
      })
    let vector = try Self.file("Vectors/readings.json")
    #expect(try LinkReadings.decode(Array(vector), station: Self.station) == readings)
    let expected = try JSONSerialization.jsonObject(with: vector) as? NSDictionary
    #expect(try JSONSerialization.jsonObject(with: Data(readings.encode())) as? NSDictionary == expected)
  }

  /// Each quantity with its unit, and the limits.
  @Test func theSchemaOfReadingsHasEveryQuantityAndLimit() throws {
    let text = String(decoding: try Self.file("readings.schema.json"), as: UTF8.self)
    for quantity in Quantity.allCases {
      #expect(text.contains(#""quantity": { "const": "\#(quantity.rawValue)" }, "unit": { "const": "\#(quantity.unit)" }"#))
    }
    #expect(text.components(separatedBy: "\"unit\": { \"const\"").count == Quantity.allCases.count + 1)
    for (name, value) in [
      ("maxItems", Int64(LinkReadings.limit)), ("minimum", LinkReadings.values.lowerBound),
      ("maximum", LinkReadings.values.upperBound), ("minimum", LinkReadings.timeToLiveMilliseconds.lowerBound),
      ("maximum", LinkReadings.timeToLiveMilliseconds.upperBound), ("maxLength", Int64(LinkReadings.bootCharacters.upperBound)),
    ] { #expect(text.contains("\"\(name)\": \(value)"), "\(name) \(value)") }
    let readme = String(decoding: try Self.file("README.md"), as: UTF8.self)
    #expect(
      readme.contains("with at most \(LinkReadings.limit) values")
        && readme.contains("at most \(LatestReadings.limit) of one station"))
  }

  @Test func theCommandIsTheOneThatTheBatchAnswers() throws {
    let text = String(decoding: try Self.file("Vectors/command.txt"), as: UTF8.self)
    #expect(text.hasPrefix("id: \(Self.command.command.number)\nevent: command\ndata: {") && text.hasSuffix("}\n\n"))
    let data = try #require(text.split(separator: "\n").last?.dropFirst("data: ".count))
    #expect(try JSONDecoder().decode(LinkCommand.self, from: Data(data.utf8)) == Self.command)
  }

  /// A code, an address or a limit that is in the program and not in the file, or the other way round.
  @Test func theOpenAPIFileHasEveryAddressAndCode() throws {
    let text = String(decoding: try Self.file("openapi.yaml"), as: UTF8.self)
    let addresses = text.split(separator: "\n").filter { $0.hasPrefix("  /link/") }.map { $0.dropFirst(2).dropLast() }
    #expect(
      Set(addresses.map(String.init)) == [
        LinkProtocol.hello, LinkProtocol.events, LinkProtocol.pulse, LinkProtocol.readings, LinkProtocol.keys,
        LinkProtocol.commands,
        LinkProtocol.revocations, LinkProtocol.renew,
      ])
    let codes = try #require(text.firstMatch(of: /code:\n +enum: \[([a-zA-Z, ]+)\]/)).output.1
    #expect(Set(codes.split(separator: ", ").map(String.init)) == Set(LinkRefusal.allCases.map(\.rawValue)))
    for state in PathStatus.State.allCases { #expect(text.contains(state.rawValue)) }
    #expect(text.contains("At most 500 entries and 4 MiB") && text.contains("64 KiB for everything else"))
    #expect((LinkProtocol.batchEntries, LinkProtocol.bodyBytes, LinkProtocol.smallBodyBytes) == (500, 4 << 20, 64 << 10))
  }

  /// What the site file takes for a name, a certificate can hold, and nothing else.
  @Test func theSiteFileAndTheCertificateTakeTheSameNames() {
    var count = 0
    for value in 0...0x33000 {
      guard let scalar = Unicode.Scalar(UInt32(value)) else { continue }
      let isName = (try? StationName(String(scalar))) != nil
      count += isName ? 1 : 0
      if isName != SiteSection.isInStationName(scalar) { Issue.record("\(String(value, radix: 16))") }
    }
    #expect(count > 20_000)
  }

  @Test func anEntrysSourceIsTheURIOfTheCertificate() throws {
    for name in ["tiexi-03", "铁西03", "a._-"] {
      #expect(EventBatch.source(of: name) == (try StationName(name)).uri)
    }
  }
}
