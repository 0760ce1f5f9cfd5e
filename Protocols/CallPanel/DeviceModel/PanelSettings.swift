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

  /// As `RecordStore` keeps it.
  public var stored: FixedBytes<24> {
    var bytes = FixedBytes<24>()
    bytes.append(bigEndian: PanelSettings.format)
    bytes.append(address)
    bytes.append(silentMask)
    bytes.append(bigEndian: baudCode)
    bytes.append(bigEndian: epoch)
    bytes.append(bigEndian: bootCount)
    return bytes
  }

  /// `nil` when the record is of another kind, or holds values that cannot be.
  public init?(stored bytes: FixedBytes<24>) {
    var bytes = bytes
    guard bytes.word(at: 0) == PanelSettings.format, PanelSettings.isValid(address: UInt16(bytes.byte(at: 2))),
      PanelMap.baud(code: bytes.word(at: 4)) != nil
    else { return nil }
    self.init(
      address: bytes.byte(at: 2), baudCode: bytes.word(at: 4), silentMask: bytes.byte(at: 3), epoch: bytes.word(at: 6),
      bootCount: bytes.word(at: 8))
  }

  static func isValid(address: UInt16) -> Bool { address >= 1 && address <= 247 }

  private static let format: UInt16 = 0x5002
}
