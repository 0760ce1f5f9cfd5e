#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The wrapped keys of a child's sealed fields: all that it has in one stretch of names, in one request of the key lane. What the parent has in
/// that stretch and is not listed was destroyed below, and is to be destroyed here. Never in a journal: there it could not be destroyed.
public struct LinkKeys: Sendable, Equatable {
  public var station: String
  /// The stretch begins behind this name; empty: at the first.
  public var after: String
  /// Its last name; empty: it reaches to the end.
  public var through: String
  /// In order of their names.
  public var keys: [Item]

  public struct Item: Sendable, Equatable {
    public var name: String
    /// The first eight bytes of the SHA-256 of the public key that it is wrapped to.
    public var recipient: [UInt8]
    public var wrapped: [UInt8]

    public init(name: String, recipient: [UInt8], wrapped: [UInt8]) {
      self.name = name
      self.recipient = recipient
      self.wrapped = wrapped
    }
  }

  /// In one request at most, and of one station at a parent.
  public static let limit = 100
  public static let held = 20_000
  public static let nameCharacters = 32
  public static let recipientBytes = 8
  public static let wrappedBytes = 81

  public init(station: String, after: String, through: String, keys: [Item]) {
    self.station = station
    self.after = after
    self.through = through
    self.keys = keys
  }

  public static func isName(_ text: String) -> Bool {
    text.utf8.count == nameCharacters && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
  }

  private struct Message: Codable {
    var station: String
    var after: String
    var through: String
    var keys: [Key]

    struct Key: Codable {
      var name: String
      var recipient: Data
      var wrapped: Data
    }

    static let form = "{station, after, through, keys: [{name, recipient, wrapped}]}"
  }

  public func encode() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let keys = keys.map { Message.Key(name: $0.name, recipient: Data($0.recipient), wrapped: Data($0.wrapped)) }
    return Array(try encoder.encode(Message(station: station, after: after, through: through, keys: keys)))
  }

  /// - Parameter station: the name in the sender's certificate; keys of another are refused.
  public static func decode(_ bytes: [UInt8], station: String) throws(EventBatch.Mistake) -> LinkKeys {
    guard let message = try? JSONDecoder().decode(Message.self, from: Data(bytes)) else {
      throw EventBatch.Mistake(refusal: .malformed, place: "body", accepted: Message.form)
    }
    guard message.station == station else {
      throw EventBatch.Mistake(refusal: .otherStation, place: "station", accepted: station)
    }
    guard message.keys.count <= limit else {
      throw EventBatch.Mistake(refusal: .tooLarge, place: "keys", accepted: "at most \(limit) keys")
    }
    for (field, text) in [("after", message.after), ("through", message.through)] where !text.isEmpty && !isName(text) {
      throw EventBatch.Mistake(refusal: .malformed, place: field, accepted: "a key's name, or empty")
    }
    var last = message.after
    for (index, key) in message.keys.enumerated() {
      func mistake(_ field: String, _ accepted: String) -> EventBatch.Mistake {
        EventBatch.Mistake(refusal: .malformed, place: "keys[\(index)].\(field)", accepted: accepted)
      }
      guard isName(key.name), key.name > last, message.through.isEmpty || key.name <= message.through else {
        throw mistake("name", "\(nameCharacters) digits 0-9 a-f, behind the one before it, within the stretch")
      }
      guard key.recipient.count == recipientBytes else { throw mistake("recipient", "\(recipientBytes) bytes in base64") }
      guard key.wrapped.count == wrappedBytes else { throw mistake("wrapped", "\(wrappedBytes) bytes in base64") }
      last = key.name
    }
    return LinkKeys(
      station: station, after: message.after, through: message.through,
      keys: message.keys.map { Item(name: $0.name, recipient: Array($0.recipient), wrapped: Array($0.wrapped)) })
  }
}

/// What became of them.
public struct LinkKeysAnswer: Sendable, Equatable, Codable {
  /// How many the parent has of this station now.
  public var held: Int

  public init(held: Int) { self.held = held }
}
