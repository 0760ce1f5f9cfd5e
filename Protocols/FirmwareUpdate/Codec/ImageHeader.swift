import DeviceKit

/// What stands in front of a firmware image (README.md, "Image"): for which board and slot it is, how long, its hash and who signed it.
public struct ImageHeader: Sendable {
  /// Bytes of a header as it is sent and stored.
  public static let length = 128
  /// The signature covers so many bytes from the beginning of the header.
  public static let signedLength = 64
  /// Where the payload lies in a slot: vector tables have to be aligned to 512.
  public static let payloadOffset: UInt32 = 0x200
  /// In `slot`: the image runs wherever it lies.
  public static let anySlot: UInt16 = 0xFFFF
  /// In `flags`: built with test hooks. No panel takes it over the bus.
  public static let forTests: UInt16 = 1

  public var bytes: FixedBytes<128>

  /// `nil` when these are not 128 bytes that begin like a header of a known format. Whether it fits a board is asked of `mismatch`.
  public init?(_ bytes: FixedBytes<128>) {
    self.bytes = bytes
    guard self.bytes.count == ImageHeader.length, self.bytes.word(at: 0) == 0x4C4E, self.bytes.word(at: 2) == 0x4C46,
      self.bytes.word(at: 4) == ImageHeader.format
    else { return nil }
  }

  /// A header still without signature.
  public init(
    board: UInt16, version: UInt16, patch: UInt16, payloadLength: UInt32, slot: UInt16, flags: UInt16 = 0, hash: FixedBytes<32>
  ) {
    bytes = FixedBytes()
    bytes.append(bigEndian: 0x4C4E)
    bytes.append(bigEndian: 0x4C46)
    bytes.append(bigEndian: ImageHeader.format)
    bytes.append(bigEndian: board)
    bytes.append(bigEndian: version)
    bytes.append(bigEndian: patch)
    bytes.append(bigEndian: UInt16(truncatingIfNeeded: payloadLength >> 16))
    bytes.append(bigEndian: UInt16(truncatingIfNeeded: payloadLength))
    bytes.append(bigEndian: slot)
    bytes.append(bigEndian: flags)
    while bytes.count < 32 { bytes.append(0) }
    var hash = hash
    bytes.append(from: &hash, at: 0, length: 32)
    while bytes.count < ImageHeader.length { bytes.append(0) }
  }

  public static let format: UInt16 = 1

  public var board: UInt16 { mutating get { bytes.word(at: 6) } }
  /// Major in the high byte, minor in the low one.
  public var version: UInt16 { mutating get { bytes.word(at: 8) } }
  public var patch: UInt16 { mutating get { bytes.word(at: 10) } }
  /// Bytes of the payload.
  public var payloadLength: UInt32 { mutating get { UInt32(bytes.word(at: 12)) << 16 | UInt32(bytes.word(at: 14)) } }
  /// The slot it is linked for: 0, 1 or `anySlot`.
  public var slot: UInt16 { mutating get { bytes.word(at: 16) } }
  public var isForTests: Bool { mutating get { bytes.word(at: 18) & ImageHeader.forTests != 0 } }
  /// Byte `index` (0...31) of the payload's SHA-256; the first eight are the build id.
  public mutating func hashByte(_ index: Int) -> UInt8 { bytes.byte(at: 32 &+ index) }
  /// Byte `index` (0...63) of the Ed25519 signature.
  public mutating func signatureByte(_ index: Int) -> UInt8 { bytes.byte(at: 64 &+ index) }

  /// Why an image with this header can never run in `slot` of `board` with room for `capacity` payload bytes; `nil` when it can.
  public mutating func mismatch(board: UInt16, slot: UInt16, capacity: UInt32) -> UpdateRefusal? {
    if self.board != board { return .board }
    if payloadLength == 0 || payloadLength > capacity || payloadLength & 3 != 0 { return .length }
    if self.slot != slot && self.slot != ImageHeader.anySlot { return .slot }
    return nil
  }
}

/// Which hardware an image is made for.
public enum PanelBoard: UInt16, Sendable, CaseIterable {
  case lm3s6965evb = 1
  case mps2an385 = 2
  case stm32f405 = 3
  case microbit = 4
  /// A panel that is only simulated; it checks and stores images, but runs on.
  case simulated = 0xF0
}
