/// A device on a bus: the bus's name in the site file (at most 12 ASCII letters, digits, `-` or `_`) and the node's address on it.
/// Written `A/3`.
public struct DeviceID: Sendable, Hashable, Comparable, CustomStringConvertible {
  public var bus: String
  public var node: UInt8

  public init(bus: String, node: UInt8) {
    self.bus = bus
    self.node = node
  }

  /// Reads `A/3`; `nil` for anything else.
  public init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, let node = UInt8(parts[1]) else { return nil }
    self.init(bus: String(parts[0]), node: node)
  }

  public var description: String { "\(bus)/\(node)" }

  public static func < (left: DeviceID, right: DeviceID) -> Bool {
    left.bus == right.bus ? left.node < right.node : left.bus < right.bus
  }
}

/// One call point of a device: a button of a panel or an input of a module, counted from 1. Written `A/3/1`.
public struct ButtonID: Sendable, Hashable, Comparable, CustomStringConvertible {
  public var device: DeviceID
  public var button: UInt8

  public init(device: DeviceID, button: UInt8) {
    self.device = device
    self.button = button
  }

  /// Reads `A/3/1`; `nil` for anything else.
  public init?(_ text: some StringProtocol) {
    guard let slash = text.lastIndex(of: "/"), let device = DeviceID(text[..<slash]),
      let button = UInt8(text[text.index(after: slash)...]), button > 0
    else { return nil }
    self.init(device: device, button: button)
  }

  public var description: String { "\(device)/\(button)" }

  public static func < (left: ButtonID, right: ButtonID) -> Bool {
    left.device == right.device ? left.button < right.button : left.device < right.device
  }
}

/// By what a press is known for ever: the panel's unit id, the epoch that the panel raises whenever its queue was lost, and the number
/// it gave the event. Events of one unit and epoch arrive in rising order of `sequence`.
public struct EventIdentity: Sendable, Hashable, Codable, CustomStringConvertible {
  /// Serial number of the unit, burnt in at manufacture; 0 is not a unit.
  public var unit: UInt32
  public var epoch: UInt16
  public var sequence: UInt32

  public init(unit: UInt32, epoch: UInt16, sequence: UInt32) {
    self.unit = unit
    self.epoch = epoch
    self.sequence = sequence
  }

  public var description: String { "\(unit):\(epoch):\(sequence)" }
}

// Identifiers are written as their text wherever they are stored or sent: a person reads the journal, too.
extension DeviceID: Codable {
  public init(from decoder: any Decoder) throws { self = try decodeText(decoder, DeviceID.init, "bus/node, for instance A/3") }
  public func encode(to encoder: any Encoder) throws { try encodeText(description, encoder) }
}

extension ButtonID: Codable {
  public init(from decoder: any Decoder) throws {
    self = try decodeText(decoder, ButtonID.init, "bus/node/button, for instance A/3/1")
  }
  public func encode(to encoder: any Encoder) throws { try encodeText(description, encoder) }
}

func decodeText<Value>(_ decoder: any Decoder, _ make: (String) -> Value?, _ form: String) throws -> Value {
  let container = try decoder.singleValueContainer()
  let text = try container.decode(String.self)
  guard let value = make(text) else {
    throw DecodingError.dataCorruptedError(in: container, debugDescription: "\"\(text)\" is not \(form)")
  }
  return value
}

func encodeText(_ text: String, _ encoder: any Encoder) throws {
  var container = encoder.singleValueContainer()
  try container.encode(text)
}
