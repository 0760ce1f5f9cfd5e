import DeviceKit

/// Memory that survives a loss of power: flash or EEPROM, in pages that are erased whole and then written once.
///
/// One operation at a time: `erase` and `write` start one, `finished` tells its end. A board may do the work at once (a flash that
/// stops its processor) and answer at the next call. An EEPROM without erasure writes FF.
public protocol StableMemory {
  /// The byte at `address`; where there is none, FF.
  mutating func read(_ address: UInt32) -> UInt8
  /// Starts to erase the page that begins at `address`: afterwards all of it reads FF.
  mutating func erase(page address: UInt32)
  /// Starts to write all of `bytes` at `address`, a multiple of 4: inside one page, where it was erased. `bytes` is not changed.
  mutating func write(_ bytes: inout FixedBytes<64>, at address: UInt32)
  /// `nil` while the operation runs; then, once, whether it succeeded. Nobody is told twice.
  mutating func finished(at now: Instant) -> Bool?
}

/// Where things lie in a board's stable memory.
public struct StoreLayout: Sendable, Equatable {
  /// Bytes that are erased together; a power of two, at least 128: an image's header lies in one page.
  public var pageBytes: UInt32
  /// The first of two pages of settings.
  public var settings: UInt32
  /// The first of two pages of the boot record.
  public var boot: UInt32
  /// Slot 0 and slot 1, header included; `slotBytes` is a multiple of `pageBytes`, 0 on a board without a second slot.
  public var slot0: UInt32
  public var slot1: UInt32
  public var slotBytes: UInt32

  public init(pageBytes: UInt32, settings: UInt32, boot: UInt32, slot0: UInt32, slot1: UInt32, slotBytes: UInt32) {
    self.pageBytes = pageBytes
    self.settings = settings
    self.boot = boot
    self.slot0 = slot0
    self.slot1 = slot1
    self.slotBytes = slotBytes
  }

  /// A board without slots for images.
  public static let none = StoreLayout(pageBytes: 64, settings: 0, boot: 0, slot0: 0, slot1: 0, slotBytes: 0)

  public func slot(_ number: UInt16) -> UInt32 { number == 0 ? slot0 : slot1 }
  /// Payload bytes that a slot takes.
  public var capacity: UInt32 { slotBytes > 0x200 ? slotBytes &- 0x200 : 0 }
}
