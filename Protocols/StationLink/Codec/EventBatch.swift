import DeviceVocabulary

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Entries as a batch of CloudEvents 1.0 in JSON (`application/cloudevents-batch+json`), both directions.
///
/// The stored bytes travel as text (`datacontenttype` is not JSON, so `data` is a string): a JSON library of any vendor gives them back
/// byte by byte. Bytes that are no UTF-8 travel as `data_base64`.
public enum EventBatch {
  public static let entryType = "cn.linli.journal.entry.v1"
  public static let entryContent = "application/vnd.linli.entry"

  /// As in the station's certificate: CloudEvents demands a URI here, so what is not an unreserved ASCII character is percent-encoded.
  public static func source(of station: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes = Array("urn:linli:station:".utf8)
    for byte in station.utf8 {
      switch byte {
      case 48...57, 65...90, 97...122, 45, 46, 95, 126: bytes.append(byte)
      default: bytes += [37, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  public static func encode(_ entries: [LinkEntry], station: String) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let source = source(of: station)
    return Array(try encoder.encode(entries.map { Event($0, source: source) }))
  }

  /// What was wrong with a batch, and where (`[3].hash`).
  public struct Mistake: Error, Equatable {
    public var refusal: LinkRefusal
    public var place: String
    public var accepted: String

    public init(refusal: LinkRefusal, place: String, accepted: String) {
      self.refusal = refusal
      self.place = place
      self.accepted = accepted
    }
  }

  /// - Parameter station: the name in the sender's certificate; entries of another are refused.
  public static func decode(_ bytes: [UInt8], station: String) throws(Mistake) -> [LinkEntry] {
    let events: [Event]
    do {
      events = try JSONDecoder().decode([Event].self, from: Data(bytes))
    } catch let error as DecodingError {
      throw Mistake(refusal: .malformed, place: place(error), accepted: "CloudEvents 1.0 in JSON, a batch")
    } catch {
      throw Mistake(refusal: .malformed, place: "body", accepted: "JSON")
    }
    guard events.count <= LinkProtocol.batchEntries else {
      throw Mistake(refusal: .tooLarge, place: "body", accepted: "at most \(LinkProtocol.batchEntries) events")
    }
    var entries: [LinkEntry] = []
    entries.reserveCapacity(events.count)
    let source = source(of: station)
    for (index, event) in events.enumerated() {
      guard event.source == source else {
        throw Mistake(refusal: .otherStation, place: "[\(index)].source", accepted: source)
      }
      entries.append(try event.entry(at: index))
    }
    return entries
  }

  static func place(_ error: DecodingError) -> String {
    let (path, key): ([any CodingKey], String?) =
      switch error {
      case .keyNotFound(let key, let context): (context.codingPath, key.stringValue)
      case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context): (context.codingPath, nil)
      @unknown default: ([], nil)
      }
    let parts = path.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" } + (key.map { [".\($0)"] } ?? [])
    let place = parts.joined()
    return place.isEmpty ? "body" : place.hasPrefix(".") ? String(place.dropFirst()) : place
  }
}

/// The JSON form of one entry. Attribute names are lower case as CloudEvents demands; 64-bit numbers are strings there.
private struct Event: Codable {
  var specversion = "1.0"
  var id: JournalPosition
  var source: String
  var type = EventBatch.entryType
  var time: String
  var datacontenttype = EventBatch.entryContent
  var epoch: UInt32
  var sequence: String
  var hash: EntryHash
  var previous: JournalPosition
  var previoushash: EntryHash
  var boot: String
  var monotonic: String
  var clock: Clock
  var late: Bool?
  var data: String?
  var data_base64: Data?
  var withheld: Int?

  enum Clock: String, Codable { case synchronised, free }

  init(_ entry: LinkEntry, source: String) {
    id = entry.position
    self.source = source
    time = EventTime.text(entry.time.wallMilliseconds)
    epoch = entry.position.epoch
    sequence = String(entry.position.sequence)
    hash = entry.hash
    previous = entry.before.position
    previoushash = entry.before.hash
    boot = entry.time.boot
    monotonic = String(entry.time.monotonicMicroseconds)
    clock = entry.time.isSynchronised ? .synchronised : .free
    late = entry.isLate ? true : nil
    if let bytes = entry.withheldBytes {
      withheld = bytes
    } else if entry.body.count > LinkProtocol.entryBytes {
      withheld = entry.body.count
    } else if let text = String(validating: entry.body, as: UTF8.self) {
      data = text
    } else {
      data_base64 = Data(entry.body)
    }
  }

  func entry(at index: Int) throws(EventBatch.Mistake) -> LinkEntry {
    func mistake(_ field: String, _ accepted: String) -> EventBatch.Mistake {
      .init(refusal: .malformed, place: "[\(index)].\(field)", accepted: accepted)
    }
    guard specversion == "1.0" else { throw mistake("specversion", "1.0") }
    guard type == EventBatch.entryType else { throw mistake("type", EventBatch.entryType) }
    guard datacontenttype == EventBatch.entryContent else { throw mistake("datacontenttype", EventBatch.entryContent) }
    guard id.epoch == epoch, String(id.sequence) == sequence, id.sequence > 0 else {
      throw mistake("id", "epoch/sequence as in the attributes of these names")
    }
    guard let wall = EventTime.milliseconds(time) else { throw mistake("time", "RFC 3339, e.g. 2026-11-25T08:30:00.250Z") }
    guard let micros = UInt64(monotonic), String(micros) == monotonic else {
      throw mistake("monotonic", "microseconds as a string")
    }
    guard [data != nil, data_base64 != nil, withheld != nil].count(where: { $0 }) == 1 else {
      throw mistake("data", "data, data_base64 or withheld, one of them")
    }
    if let withheld, withheld <= LinkProtocol.entryBytes {
      throw mistake("withheld", "the length of a body above \(LinkProtocol.entryBytes) bytes")
    }
    let body = data.map { Array($0.utf8) } ?? data_base64.map { Array($0) } ?? []
    guard body.count <= LinkProtocol.entryBytes else {
      throw EventBatch.Mistake(
        refusal: .tooLarge, place: "[\(index)].data", accepted: "a body of at most \(LinkProtocol.entryBytes) bytes, or withheld")
    }
    return LinkEntry(
      position: id, hash: hash, before: JournalHead(position: previous, hash: previoushash),
      time: LinkTime(wallMilliseconds: wall, isSynchronised: clock == .synchronised, boot: boot, monotonicMicroseconds: micros),
      isLate: late ?? false, body: body, withheldBytes: withheld)
  }
}
