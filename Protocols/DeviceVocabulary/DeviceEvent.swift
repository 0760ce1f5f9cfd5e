import DeviceKit

/// What a driver tells the station. Past tense: it has happened.
public enum DeviceEvent: Sendable, Equatable, Codable {
  /// A finger on a button. The station answers with `DeviceCommand.accept` once it is on disk (also when it is a duplicate).
  case pressed(Press)
  /// The button was let go; `identity` as for a press where the device keeps a queue.
  case released(ButtonID, identity: EventIdentity?, ageMilliseconds: UInt32)
  /// What the lamp of a button really shows, read back from the device.
  case indicatorObserved(ButtonID, Indicator)
  /// The supervised line of a call point.
  case lineChanged(ButtonID, LineState)
  /// A contact has been closed for longer than the panel's stuck limit (or is open again).
  case stuckChanged(ButtonID, Bool)
  /// A contact changes more often than a finger can (or has been quiet again).
  case chatterChanged(ButtonID, Bool)
  /// The housing was opened (or closed).
  case tamperChanged(DeviceID, Bool)
  /// The device answered who it is; a driver says so on every (re)connection.
  case identified(DeviceID, DeviceIdentity)
  /// The device started again since it was last heard.
  case restarted(DeviceID, cause: ResetCause, bootCount: UInt16)
  /// The device's queue ran full: repeats and releases were left out, first presses never are.
  case eventsDropped(DeviceID, count: UInt32)
  /// Relay outputs read back, bit 0 = output 1.
  case outputsObserved(DeviceID, UInt32)
  /// State of the conversation with one device.
  case healthChanged(DeviceID, Health)
  /// State of a whole pair of wires or its adapter.
  case busChanged(String, BusCondition)
  /// What a technician has asked of a device has come further, or to its end.
  case jobChanged(DeviceID, DeviceJob)
  /// A periodic value; goes to the latest-value lane and never into the journal.
  case measured(DeviceID, Quantity, Reading)
}

/// One press, as the device reports it.
public struct Press: Sendable, Equatable, Codable {
  public var button: ButtonID
  public var kind: Kind
  /// `nil` for modules without an event queue: the driver saw an edge.
  public var identity: EventIdentity?
  /// How long ago it happened when the report left the device, in milliseconds: no clock has to agree.
  public var ageMilliseconds: UInt32

  public enum Kind: String, Sendable, Codable {
    case press
    /// Held longer than the panel's long-press limit.
    case longPress
    /// Pressed again while an earlier press of the same button still waits in the panel.
    case `repeat`
  }

  public init(button: ButtonID, kind: Kind = .press, identity: EventIdentity?, ageMilliseconds: UInt32) {
    self.button = button
    self.kind = kind
    self.identity = identity
    self.ageMilliseconds = ageMilliseconds
  }
}

/// The end-of-line supervised loop of a call point.
public enum LineState: String, Sendable, Codable, CaseIterable {
  case normal, open, short
}

public enum ResetCause: String, Sendable, Codable, CaseIterable {
  case unknown, powerOn, brownOut, watchdog, software, fault, pin
}

/// Who a device says it is (Modbus 0x2B/0x0E objects, or what the site file assumes of a module that cannot say).
public struct DeviceIdentity: Sendable, Equatable, Codable {
  public var vendor: String
  public var product: String
  public var firmware: String
  /// 0 when the device has no serial number.
  public var unit: UInt32
  public var protocolVersion: UInt16
  public var buttons: UInt8
  /// What it says of its firmware; `nil` for one that cannot say (our panels before map 1.1).
  public var about: DeviceFirmware?
  /// True where its protocol has a major version that this program does not know; it is driven by what all versions share.
  public var isOfUnknownProtocol: Bool?

  public init(
    vendor: String, product: String, firmware: String, unit: UInt32, protocolVersion: UInt16, buttons: UInt8,
    about: DeviceFirmware? = nil, isOfUnknownProtocol: Bool? = nil
  ) {
    self.about = about
    self.isOfUnknownProtocol = isOfUnknownProtocol
    self.vendor = vendor
    self.product = product
    self.firmware = firmware
    self.unit = unit
    self.protocolVersion = protocolVersion
    self.buttons = buttons
  }

  /// Takes in what it says of its firmware. Then the text of the version comes from there, too: the strings are not asked for again after
  /// each restart, so they may be those of the firmware before.
  public mutating func take(_ about: DeviceFirmware) {
    self.about = about
    firmware = about.release.number
  }
}

/// How the conversation with a device stands; the order is that of coming up.
public enum Health: String, Sendable, Codable, CaseIterable {
  /// Never answered since the start, or its bus is gone.
  case absent
  case opening
  case identifying
  case online
  /// Silent for longer than its time to live: what was last known is not current.
  case stale
  /// Answers, but wrongly: wrong identity, another node's answers, exceptions.
  case faulted
}

/// How a whole pair of wires stands.
public enum BusCondition: String, Sendable, Codable, CaseIterable {
  /// The adapter is not there (unplugged, or never plugged in).
  case adapterAbsent
  /// The port cannot be opened: another program holds it, or permission is missing.
  case portBusy
  case working
  /// Nobody answers any more: the pair is cut at the host's end, shorted, or all panels are without power.
  case silent
  /// Bytes arrive when nobody was asked: a node transmits without pause.
  case jammed
  /// What is sent does not come back as sent, or every answer is broken: a short, or A and B swapped.
  case garbled
}

/// What a periodic reading measures; the unit is part of the name.
public enum Quantity: String, Sendable, Codable, CaseIterable {
  case supplyMillivolts, upTimeSeconds, temperatureTenthsCelsius, roundTripMicroseconds, errorsPerThousand
}

/// A value with its age: shown as stale once `timeToLive` has passed since `asOf`, and no rule fires on it then.
public struct Reading: Sendable, Equatable, Codable {
  public var value: Int64
  /// On the host's monotonic clock.
  public var asOf: Instant
  public var timeToLive: Interval

  public init(value: Int64, asOf: Instant, timeToLive: Interval) {
    self.value = value
    self.asOf = asOf
    self.timeToLive = timeToLive
  }

  public func isStale(at now: Instant) -> Bool { now - asOf > timeToLive }
}

extension Instant: Codable {
  public init(from decoder: any Decoder) throws {
    self.init(microseconds: try decoder.singleValueContainer().decode(UInt64.self))
  }
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(microseconds)
  }
}

extension Interval: Codable {
  public init(from decoder: any Decoder) throws {
    self.init(microseconds: try decoder.singleValueContainer().decode(Int64.self))
  }
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(microseconds)
  }
}
