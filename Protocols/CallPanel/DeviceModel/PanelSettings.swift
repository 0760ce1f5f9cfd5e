import CallPanelCodec
import DeviceKit

/// What a panel keeps over a loss of power.
public struct PanelSettings: Sendable, Equatable {
  /// 1...247.
  public var address: UInt8
  /// See `PanelMap.baud(code:)`.
  public var baudCode: UInt16
  /// Buttons that show and sound nothing in the room, bit 0 = button 1.
  public var silentMask: UInt8
  /// Raised whenever the event queue was lost; never 0 once the panel has started.
  public var epoch: UInt16
  public var bootCount: UInt16

  /// A panel as it leaves the factory: address 247, where no site puts a panel, and 19,200 baud.
  public static let factory = PanelSettings(address: 247, baudCode: 1, silentMask: 0, epoch: 0, bootCount: 0)

  public init(address: UInt8, baudCode: UInt16 = 1, silentMask: UInt8 = 0, epoch: UInt16 = 0, bootCount: UInt16 = 0) {
    self.address = address
    self.baudCode = baudCode
    self.silentMask = silentMask
    self.epoch = epoch
    self.bootCount = bootCount
  }

  /// The next epoch; 0 is left out, so that it can mean "no epoch".
  mutating func raiseEpoch() {
    epoch = epoch == .max ? 1 : epoch &+ 1
  }

  /// As a board writes it to flash: format number, the fields, CRC-32 of what is before it.
  public var stored: FixedBytes<16> {
    var bytes = FixedBytes<16>()
    bytes.append(bigEndian: PanelSettings.format)
    bytes.append(address)
    bytes.append(silentMask)
    bytes.append(bigEndian: baudCode)
    bytes.append(bigEndian: epoch)
    bytes.append(bigEndian: bootCount)
    let sum = PanelSettings.checksum(bytes)
    bytes.append(bigEndian: UInt16(truncatingIfNeeded: sum >> 16))
    bytes.append(bigEndian: UInt16(truncatingIfNeeded: sum))
    return bytes
  }

  /// `nil` when the record is torn, empty, or holds values that cannot be.
  public init?(stored bytes: FixedBytes<16>) {
    let sum = UInt32(bytes.bigEndian(at: 10)) << 16 | UInt32(bytes.bigEndian(at: 12))
    guard bytes.count == 14, bytes.bigEndian(at: 0) == PanelSettings.format, PanelSettings.checksum(bytes) == sum,
      PanelSettings.isValid(address: UInt16(bytes[2])), PanelMap.baud(code: bytes.bigEndian(at: 4)) != nil
    else { return nil }
    self.init(
      address: bytes[2], baudCode: bytes.bigEndian(at: 4), silentMask: bytes[3], epoch: bytes.bigEndian(at: 6),
      bootCount: bytes.bigEndian(at: 8))
  }

  static func isValid(address: UInt16) -> Bool { address >= 1 && address <= 247 }

  private static let format: UInt16 = 0x5001

  private static func checksum(_ bytes: FixedBytes<16>) -> UInt32 {
    var sum = Checksum.CRC32()
    var index = 0
    while index < 10 {
      sum.update(bytes[index])
      index &+= 1
    }
    return sum.value
  }
}
