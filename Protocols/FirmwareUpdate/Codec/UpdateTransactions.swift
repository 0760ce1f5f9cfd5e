import DeviceKit
import ModbusRTUCodec

/// The requests of a host to a panel about its firmware, and how their answers are read.
public enum UpdateTransaction {
  public static func about() -> ModbusPDU { .readInputRegisters(start: UpdateMap.about, count: UpdateMap.aboutCount) }
  public static func status() -> ModbusPDU { .readInputRegisters(start: UpdateMap.status, count: UpdateMap.statusCount) }

  /// `nil` when it is not the answer to `about()`.
  public static func aboutAnswer(_ answer: ModbusPDU) -> FirmwareAbout? {
    guard let start = registers(answer, UpdateMap.aboutCount) else { return nil }
    var about = FirmwareAbout()
    for index in 0..<UpdateMap.aboutCount {
      about.setRegister(index, answer.bytes.bigEndian(at: start &+ Int(index) &* 2))
    }
    return about
  }

  /// `nil` when it is not the answer to `status()`, or names a state that this program does not know.
  public static func statusAnswer(_ answer: ModbusPDU) -> UpdateStatus? {
    guard let start = registers(answer, UpdateMap.statusCount) else { return nil }
    func word(_ index: Int) -> UInt16 { answer.bytes.bigEndian(at: start &+ index &* 2) }
    guard let state = UpdateState(rawValue: word(0)), word(6) == UInt16(UpdateMap.blockBytes) else { return nil }
    var status = UpdateStatus()
    status.state = state
    status.refusal = UpdateRefusal(rawValue: word(1)) ?? .header
    status.nextBlock = word(2)
    status.blocks = word(3)
    status.percent = word(4)
    status.slot = word(5)
    status.slotKibibytes = word(7)
    return status
  }

  /// Starts an update of `unit` (any one that is under way there is given up).
  public static func begin(unit: UInt32, _ header: ImageHeader) -> ModbusPDU {
    var values = FixedRegisters<123>()
    values.append(UInt16(truncatingIfNeeded: unit >> 16))
    values.append(UInt16(truncatingIfNeeded: unit))
    var index = 0
    while index < ImageHeader.length {
      values.append(header.bytes.bigEndian(at: index))
      index &+= 2
    }
    return .writeRegisters(start: UpdateMap.begin, values: values)
  }

  /// Block `number` of the payload, from 0; what lacks of 64 bytes is sent as FF.
  public static func block(_ number: UInt16, _ bytes: FixedBytes<64>) -> ModbusPDU {
    var values = FixedRegisters<123>()
    values.append(number)
    var index = 0
    while index < UpdateMap.blockBytes {
      let high = index < bytes.count ? bytes[index] : 0xFF
      let low = index &+ 1 < bytes.count ? bytes[index &+ 1] : 0xFF
      values.append(UInt16(high) << 8 | UInt16(low))
      index &+= 2
    }
    return .writeRegisters(start: UpdateMap.block, values: values)
  }

  public static func order(unit: UInt32, _ command: UpdateCommand) -> ModbusPDU {
    var values = FixedRegisters<123>()
    values.append(UInt16(truncatingIfNeeded: unit >> 16))
    values.append(UInt16(truncatingIfNeeded: unit))
    values.append(command.rawValue)
    return .writeRegisters(start: UpdateMap.order, values: values)
  }

  private static func registers(_ answer: ModbusPDU, _ count: UInt16) -> Int? {
    guard answer.bytes.count == 2 &+ Int(count) &* 2, answer.bytes[0] == 0x04, answer.bytes[1] == UInt8(count &* 2)
    else { return nil }
    return 2
  }
}
