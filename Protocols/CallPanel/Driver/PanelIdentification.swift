import CallPanelCodec
import DeviceKit
import DeviceVocabulary
import ModbusRTUCodec

/// What a panel says of itself by function 2B/0E: vendor, product and firmware version.
public struct PanelStrings: Sendable, Equatable {
  public internal(set) var vendor = ""
  public internal(set) var product = ""
  public internal(set) var firmware = ""

  /// Whether this is a call panel of ours, of whatever number of buttons.
  public var isCallPanel: Bool {
    vendor == PanelMap.vendor.description && product.hasPrefix(PanelMap.productPrefix.description)
  }

  /// The request: basic identification from object 0 (MODBUS Application Protocol V1.1b3 §6.21).
  public static var request: ModbusPDU { .readDeviceIdentification(code: 1, object: 0) }

  /// `nil` when the answer is not one to `request` or does not hold together. Bytes outside printable ASCII become `?`.
  public init?(_ answer: ModbusPDU) {
    guard let found = ModbusIdentification(answer), answer.bytes[2] == 1 else { return nil }
    vendor = PanelStrings.text(found.object(0))
    product = PanelStrings.text(found.object(1))
    firmware = PanelStrings.text(found.object(2))
  }

  private static func text(_ bytes: FixedBytes<246>?) -> String {
    guard let bytes else { return "" }
    var text = ""
    for index in 0..<bytes.count {
      let byte = bytes[index]
      text.unicodeScalars.append(byte >= 0x20 && byte < 0x7F ? Unicode.Scalar(byte) : "?")
    }
    return text
  }
}
