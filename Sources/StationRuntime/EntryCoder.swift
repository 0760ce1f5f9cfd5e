import Foundation
import Station

/// Journal entries as JSON with sorted keys, so that the same entry is the same bytes in every process.
///
/// A child's entry is one line of JSON, a line feed, and then the child's stored bytes as they came: verbatim, and no longer than they were.
public struct EntryCoder {
  private let encoder: JSONEncoder
  private let decoder = JSONDecoder()

  public init() {
    encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  }

  public func encode(_ value: some Encodable) throws -> [UInt8] { Array(try encoder.encode(value)) }

  public func encode(_ entry: Entry) throws -> [UInt8] {
    guard case .received(var received) = entry.change else { return Array(try encoder.encode(entry)) }
    var entry = entry
    let body = received.body
    received.body = []
    received.content = nil
    entry.change = .received(received)
    return Array(try encoder.encode(entry)) + [Self.lineFeed] + body
  }

  public func decode(_ body: [UInt8]) throws -> Entry { try decode(body[...], level: 0) }

  /// - Parameter level: how many stations below this one the entry is of.
  private func decode(_ body: ArraySlice<UInt8>, level: Int) throws -> Entry {
    let lineEnd = body.firstIndex(of: Self.lineFeed)
    var entry = try decoder.decode(Entry.self, from: Data(body[..<(lineEnd ?? body.endIndex)]))
    guard entry.version <= Entry.currentVersion else { throw EntryError.newerVersion(entry.version) }
    if case .received(var received) = entry.change {
      let inner = lineEnd.map { body[($0 + 1)...] } ?? []
      received.body = Array(inner)
      // Whatever the line itself says of it: only what stands behind it is the child's.
      received.content = content(inner, level: level + 1)
      entry.change = .received(received)
    }
    return entry
  }

  /// What a child's bytes say, as far as this program can read and believe them; the bytes are kept either way.
  public func content(_ body: [UInt8]) -> Entry? { content(body[...], level: 1) }

  private func content(_ body: ArraySlice<UInt8>, level: Int) -> Entry? {
    guard level <= Self.levels, let entry = try? decode(body, level: level),
      Self.believedTimes.contains(entry.time.wallMilliseconds)
    else { return nil }
    return entry
  }

  /// Stations one below another whose entries are read: community, street, district and city are three below the highest.
  static let levels = 4

  /// 2000-01-01 to 2200-01-01: a child's clock may be wrong, but what is outside is no clock's time.
  static let believedTimes: Range<Int64> = 946_684_800_000..<7_258_118_400_000

  private static let lineFeed: UInt8 = 10

  // MARK: - Of many entries, without reading all of each

  /// In a JSON text these bytes begin nothing but the entry's own change: within a string the quotes would be escaped.
  private static let changeMark = Array("\"change\":{\"".utf8)
  /// Further on than any entry's time reaches.
  private static let headBytes = 400
  /// What steps of calls are called, and what may hold one.
  private static let callNames = Set(
    [
      "opened", "pressedAgain", "escalated", "raisedAgain", "acknowledged", "handOverOffered", "handOverAccepted",
      "handOverEnded",
      "onScene", "resolved", "closed", "falseAlarm", "delivered", "proofAsked", "branched", "toldAgain",
    ].map { Array($0.utf8) })
  private static let receivedName = Array("received".utf8)

  /// Where the name of the change begins in an entry's bytes.
  private func changeName(in body: ArraySlice<UInt8>) -> (start: Int, name: [UInt8])? {
    let mark = Self.changeMark
    let end = min(body.endIndex, body.startIndex + Self.headBytes)
    var index = body.startIndex
    while index + mark.count < end {
      if body[index] == mark[0], body[index..<index + mark.count].elementsEqual(mark) {
        let name = body[(index + mark.count)...].prefix { $0 != UInt8(ascii: "\"") }
        return (index, Array(name.prefix(32)))
      }
      index += 1
    }
    return nil
  }

  /// False only where it is sure that the entry is no step of a call, this station's or one below, nor a daily proof.
  public func mayBeStepOfCall(_ body: [UInt8]) -> Bool { mayBeStepOfCall(body[...]) }

  private func mayBeStepOfCall(_ body: ArraySlice<UInt8>) -> Bool {
    guard let (_, name) = changeName(in: body) else { return true }
    guard name == Self.receivedName else { return Self.callNames.contains(name) }
    return body.firstIndex(of: Self.lineFeed).map { mayBeStepOfCall(body[($0 + 1)...]) } ?? true
  }

  /// When an entry was made; `nil` where that cannot be read.
  public func time(of body: [UInt8]) -> EntryTime? {
    struct Head: Decodable { var at: EntryTime }
    // `{"at":{…},` and what follows: up to there it is a text of its own, once it is closed.
    if let (start, _) = changeName(in: body[...]), start > 0, body[start - 1] == UInt8(ascii: ","),
      let head = try? decoder.decode(Head.self, from: Data(body[..<(start - 1)]) + [UInt8(ascii: "}")])
    {
      return head.at
    }
    return try? decode(body).time
  }
}

public enum EntryError: Error, CustomStringConvertible {
  case newerVersion(Int)

  public var description: String {
    switch self {
    case .newerVersion(let version):
      "日志由更新的程序写成(格式 \(version),本程序认识到 \(Entry.currentVersion));请升级程序 / "
        + "journal written by a newer program (form \(version), this one knows \(Entry.currentVersion)); upgrade"
    }
  }
}
