import DeviceKit
import ModbusRTUCodec

/// The requests of a host to a panel and how their answers are read. The panel's side answers from its register bank, whose blocks
/// (`PanelOrder`, `PanelReport`, `PanelEvent`) are the same types.
public enum PanelTransaction {
  /// Reads one status word; `token` 0...15 comes back in its top bits. 8 bytes on the wire, answered by 7.
  public static func poll(token: UInt8) -> ModbusPDU {
    .readInputRegisters(start: PanelMap.poll &+ UInt16(token & 15), count: 1)
  }

  public static func pollAnswer(_ answer: ModbusPDU) -> PanelStatus? {
    guard answer.bytes.count == 4, answer.bytes[0] == 0x04, answer.bytes[1] == 2 else { return nil }
    return PanelStatus(word: answer.bytes.bigEndian(at: 2))
  }

  /// Reads protocol version, unit id and number of buttons.
  public static func identification() -> ModbusPDU {
    .readInputRegisters(start: PanelMap.identification, count: PanelMap.identificationCount)
  }

  public struct Identification: Sendable, Equatable {
    public var version: UInt16
    public var unit: UInt32
    /// 1...8.
    public var buttons: UInt8
  }

  /// `nil` for any other answer, for unit 0 and for a number of buttons outside 1...8.
  public static func identificationAnswer(_ answer: ModbusPDU) -> Identification? {
    guard answer.bytes.count == 10, answer.bytes[0] == 0x04, answer.bytes[1] == 8 else { return nil }
    let unit = UInt32(answer.bytes.bigEndian(at: 4)) << 16 | UInt32(answer.bytes.bigEndian(at: 6))
    let buttons = answer.bytes.bigEndian(at: 8)
    guard unit != 0, buttons >= 1, buttons <= UInt16(PanelMap.buttonLimit) else { return nil }
    return Identification(version: answer.bytes.bigEndian(at: 2), unit: unit, buttons: UInt8(truncatingIfNeeded: buttons))
  }

  /// One 0x17: writes `order`, then reads the report and up to `events` (0...4) waiting events.
  public static func exchange(_ order: PanelOrder, events: Int) -> ModbusPDU {
    let window = UInt16(clamping: min(max(events, 0), PanelMap.eventWindow))
    var values = FixedRegisters<121>()
    var index: UInt16 = 0
    while index < PanelMap.exchangeWriteCount {
      values.append(order.register(index))
      index &+= 1
    }
    return .readWriteRegisters(
      readStart: PanelMap.exchangeRead, readCount: PanelMap.exchangeHeaderCount &+ window &* PanelMap.eventRegisterCount,
      writeStart: PanelMap.exchangeWrite, values: values)
  }

  /// The report at the front of an exchange answer; `nil` when it is not one.
  public static func exchangeAnswer(_ answer: ModbusPDU) -> PanelReport? {
    let length = Int(answer.bytes[1])
    guard answer.bytes[0] == 0x17, answer.bytes.count == length &+ 2, length >= Int(PanelMap.exchangeHeaderCount) &* 2,
      length & 1 == 0
    else { return nil }
    var report = PanelReport()
    var index: UInt16 = 0
    while index < PanelMap.exchangeHeaderCount {
      report.setRegister(index, answer.bytes.bigEndian(at: 2 &+ Int(index) &* 2))
      index &+= 1
    }
    return report
  }

  /// Event `index` (0...3) of an exchange answer that `exchangeAnswer` took; `nil` when that place is empty or was not asked for.
  public static func event(_ index: Int, of answer: ModbusPDU) -> PanelEvent? {
    let size = Int(PanelMap.eventRegisterCount) &* 2
    let start = 2 &+ Int(PanelMap.exchangeHeaderCount) &* 2 &+ index &* size
    guard index >= 0, index < PanelMap.eventWindow, start &+ size <= answer.bytes.count else { return nil }
    return PanelEvent(
      answer.bytes.bigEndian(at: start), answer.bytes.bigEndian(at: start &+ 2), answer.bytes.bigEndian(at: start &+ 4),
      answer.bytes.bigEndian(at: start &+ 6), answer.bytes.bigEndian(at: start &+ 8))
  }

  /// Writes which buttons show and sound nothing in the room (bit 0 = button 1); the panel keeps it over a loss of power.
  public static func setSilentMask(_ mask: UInt8) -> ModbusPDU {
    .writeRegister(PanelMap.silentMask, value: UInt16(mask))
  }
}
