import DeviceKit
import DeviceVocabulary

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The newest values of a child, in one request of the latest-value lane. Their age comes from the child's monotonic clock alone: what its
/// wall clock says does not matter.
public struct LinkReadings: Sendable, Equatable {
  public var station: String
  /// Monotonic times of different boots cannot be compared.
  public var boot: String
  /// On the child's monotonic clock when this was sent; no reading's `asOf` is later.
  public var sentAt: Instant
  public var readings: [DeviceReading]

  /// In one request at most.
  public static let limit = 200
  /// What every JSON library gives back exactly.
  public static let values = -9_007_199_254_740_991...Int64(9_007_199_254_740_991)
  public static let timeToLiveMilliseconds = 1...Int64(86_400_000)
  public static let bootCharacters = 1...64
  /// Monotonic microseconds that two clocks can be reckoned with.
  static let latest = UInt64(Int64.max)

  public init(station: String, boot: String, sentAt: Instant, readings: [DeviceReading]) {
    self.station = station
    self.boot = boot
    self.sentAt = sentAt
    self.readings = readings
  }

  /// What a request may carry: another value, or one measured after `sentAt`, is left at home rather than refused with all the others.
  public var sendable: LinkReadings {
    var kept = self
    kept.readings.removeAll { !Self.values.contains($0.reading.value) || $0.reading.asOf > sentAt }
    return kept
  }

  public func encode() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(
      try encoder.encode(
        Message(
          station: station, boot: boot, monotonic: String(sentAt.microseconds), readings: readings.map(Message.Item.init))))
  }

  /// - Parameter station: the name in the sender's certificate; readings of another are refused.
  public static func decode(_ bytes: [UInt8], station: String) throws(EventBatch.Mistake) -> LinkReadings {
    let message: Message
    do {
      message = try JSONDecoder().decode(Message.self, from: Data(bytes))
    } catch let error as DecodingError {
      let place = EventBatch.place(error)
      let field = String(place.reversed().prefix { $0 != "." }.reversed())
      throw EventBatch.Mistake(refusal: .malformed, place: place, accepted: Message.accepted[field] ?? Message.form)
    } catch {
      throw EventBatch.Mistake(refusal: .malformed, place: "body", accepted: "JSON")
    }
    guard message.station == station else {
      throw EventBatch.Mistake(refusal: .otherStation, place: "station", accepted: station)
    }
    return try message.checked()
  }
}

/// What became of them.
public struct LinkReadingsAnswer: Sendable, Equatable, Codable {
  /// Those that were newer than what was here; the others changed nothing.
  public var taken: Int
  /// How many the parent has of this station now: fewer than it took when it was started anew.
  public var held: Int

  public init(taken: Int, held: Int) {
    self.taken = taken
    self.held = held
  }
}

/// The JSON form. 64-bit numbers are strings, as in a batch.
private struct Message: Codable {
  var station: String
  var boot: String
  var monotonic: String
  var readings: [Item]

  struct Item: Codable {
    var device: String
    var quantity: String
    var unit: String
    var value: WholeNumber
    var asOf: String
    var timeToLiveMilliseconds: WholeNumber

    init(_ item: DeviceReading) {
      device = item.measurand.device.description
      quantity = item.measurand.quantity.rawValue
      unit = item.measurand.quantity.unit
      value = WholeNumber(value: item.reading.value)
      asOf = String(item.reading.asOf.microseconds)
      let milliseconds = item.reading.timeToLive.microseconds / 1000
      let range = LinkReadings.timeToLiveMilliseconds
      timeToLiveMilliseconds = WholeNumber(value: min(max(milliseconds, range.lowerBound), range.upperBound))
    }
  }

  static let form = "{station, boot, monotonic, readings: [{device, quantity, unit, value, asOf, timeToLiveMilliseconds}]}"

  /// By the field's name.
  static let accepted = [
    "boot": "text of \(LinkReadings.bootCharacters.lowerBound) to \(LinkReadings.bootCharacters.upperBound) characters",
    "monotonic": "microseconds since that boot as a string, at most \(LinkReadings.latest)",
    "device": "bus/node, for instance A/3: 1 to 12 letters, digits, - or _, and 0 to 255",
    "quantity": Quantity.allCases.map(\.rawValue).joined(separator: ", "),
    "value": "a whole number from \(LinkReadings.values.lowerBound) to \(LinkReadings.values.upperBound)",
    "asOf": "microseconds since that boot as a string, not after monotonic",
    "timeToLiveMilliseconds":
      "a whole number from \(LinkReadings.timeToLiveMilliseconds.lowerBound) to \(LinkReadings.timeToLiveMilliseconds.upperBound)",
  ]

  func checked() throws(EventBatch.Mistake) -> LinkReadings {
    guard LinkReadings.bootCharacters.contains(boot.unicodeScalars.count) else { throw Self.mistake("boot") }
    guard let sentAt = Self.instant(monotonic) else { throw Self.mistake("monotonic") }
    guard readings.count <= LinkReadings.limit else {
      throw EventBatch.Mistake(refusal: .tooLarge, place: "readings", accepted: "at most \(LinkReadings.limit) readings")
    }
    var checked: [DeviceReading] = []
    checked.reserveCapacity(readings.count)
    for (index, item) in readings.enumerated() { checked.append(try item.reading(at: index, sentAt: sentAt)) }
    return LinkReadings(station: station, boot: boot, sentAt: sentAt, readings: checked)
  }

  static func instant(_ text: String) -> Instant? {
    guard let microseconds = UInt64(text), String(microseconds) == text, microseconds <= LinkReadings.latest else { return nil }
    return Instant(microseconds: microseconds)
  }

  static func mistake(_ field: String, of index: Int? = nil, accepted text: String? = nil) -> EventBatch.Mistake {
    let place = index.map { "readings[\($0)].\(field)" } ?? field
    return EventBatch.Mistake(refusal: .malformed, place: place, accepted: text ?? accepted[field] ?? form)
  }
}

extension Message.Item {
  func reading(at index: Int, sentAt: Instant) throws(EventBatch.Mistake) -> DeviceReading {
    // One way to write each, or the same device would have two values.
    guard let device = DeviceID(self.device), device.description == self.device, LinkProtocol.isPathName(device.bus) else {
      throw Message.mistake("device", of: index)
    }
    guard let quantity = Quantity(rawValue: self.quantity) else { throw Message.mistake("quantity", of: index) }
    guard unit == quantity.unit else {
      throw Message.mistake("unit", of: index, accepted: "\(quantity.unit) for \(quantity.rawValue)")
    }
    guard LinkReadings.values.contains(value.value) else { throw Message.mistake("value", of: index) }
    guard let asOf = Message.instant(self.asOf), asOf <= sentAt else { throw Message.mistake("asOf", of: index) }
    guard LinkReadings.timeToLiveMilliseconds.contains(timeToLiveMilliseconds.value) else {
      throw Message.mistake("timeToLiveMilliseconds", of: index)
    }
    return DeviceReading(
      Measurand(device, quantity),
      Reading(value: value.value, asOf: asOf, timeToLive: Interval(microseconds: timeToLiveMilliseconds.value * 1000)))
  }
}

/// For a number that is no whole one, or too large, the decoder throws an error of its own that does not say where it stands.
private struct WholeNumber: Codable {
  var value: Int64

  init(value: Int64) { self.value = value }

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    do {
      value = try container.decode(Int64.self)
    } catch let error as DecodingError {
      throw error
    } catch {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "no whole number of 64 bits")
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(value)
  }
}
