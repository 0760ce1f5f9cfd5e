import DeviceKit
import FirmwareUpdateCodec
import Foundation

/// Whether a file is firmware that a board can start: the emulator itself takes any bytes, and then the panel is silent for no visible reason.
public enum FirmwareCheck {
  /// Longer than the flash of any board; a longer file is not read.
  static let lengthLimit = 4 << 20
  /// Slots begin at multiples of this.
  private static let slotAlignment = 0x400
  /// No board's first slot begins later.
  private static let slotLimit = 0x2_0000

  /// Takes the bytes of the flash as `make -C Boards` lays them (boot loader, then a slot with its header: Protocols/FirmwareUpdate/README.md),
  /// or an ELF file for a 32-bit ARM that begins with a vector table, or a bare program that begins so. Only a header tells the board.
  ///
  /// - Throws: `imageMissing`, `notFirmware`, `otherBoard`.
  public static func check(_ path: String, for board: BoardDescription) throws(VirtualBoardError) {
    // What is no ordinary file might never end.
    let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: target) else { throw .imageMissing(path) }
    guard attributes[.type] as? FileAttributeType == .typeRegular, let handle = FileHandle(forReadingAtPath: target),
      let data = try? handle.read(upToCount: lengthLimit + 1), data.count <= lengthLimit
    else { throw .notFirmware(path) }
    try check(Array(data), path, for: board)
  }

  static func check(_ bytes: [UInt8], _ path: String, for board: BoardDescription) throws(VirtualBoardError) {
    if bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46]) {
      guard isBootableELF(bytes) else { throw .notFirmware(path) }
      return
    }
    // A header at the very beginning is an image for an update, without a boot loader.
    guard isVectorTable(bytes, at: 0) else { throw .notFirmware(path) }
    guard let found = firstSlot(bytes) else {
      guard let reset = word(bytes, 4), reset < bytes.count else { throw .notFirmware(path) }
      return
    }
    var header = found.header
    guard header.board == board.number else {
      throw .otherBoard(path, found: PanelBoard(rawValue: header.board).map { "\($0)" } ?? "\(header.board)", wanted: board.name)
    }
    guard isUndamaged(bytes, &header, at: found.offset) else { throw .notFirmware(path) }
  }

  private static func firstSlot(_ bytes: [UInt8]) -> (header: ImageHeader, offset: Int)? {
    for offset in stride(from: slotAlignment, through: slotLimit, by: slotAlignment) {
      guard offset + ImageHeader.length <= bytes.count else { return nil }
      if let header = ImageHeader(FixedBytes<128>(bytes[offset..<offset + ImageHeader.length])) { return (header, offset) }
    }
    return nil
  }

  private static func isUndamaged(_ bytes: [UInt8], _ header: inout ImageHeader, at offset: Int) -> Bool {
    let start = offset + Int(ImageHeader.payloadOffset)
    let end = start + Int(header.payloadLength)
    guard header.payloadLength > 0, end <= bytes.count else { return false }
    var hash = SHA256()
    for byte in bytes[start..<end] { hash.update(byte) }
    var sum = FixedBytes<32>()
    hash.finish(into: &sum)
    for index in 0..<32 where sum[index] != header.hashByte(index) { return false }
    return true
  }

  /// ELF32, little endian, for ARM, with a vector table at address 0 (System V ABI, chapter 4; ELF for the ARM Architecture §4.3).
  private static func isBootableELF(_ bytes: [UInt8]) -> Bool {
    guard bytes.count >= 52, bytes[4] == 1, bytes[5] == 1, half(bytes, 18) == 40 else { return false }
    let table = Int(word(bytes, 28) ?? 0)
    for index in 0..<Int(half(bytes, 44) ?? 0) {
      let entry = table + index * 32
      guard let kind = word(bytes, entry), let offset = word(bytes, entry + 4), let address = word(bytes, entry + 12),
        let size = word(bytes, entry + 16)
      else { return false }
      if kind == 1, address == 0, size >= 8 { return isVectorTable(bytes, at: Int(offset)) }
    }
    return false
  }

  /// Two words of a Cortex-M: the stack's end in RAM, and the reset handler in Thumb code (ARMv7-M ARM §B1.5.3).
  private static func isVectorTable(_ bytes: [UInt8], at offset: Int) -> Bool {
    guard let stack = word(bytes, offset), let reset = word(bytes, offset + 4) else { return false }
    return (0x1000_0000..<0x4000_0000).contains(stack) && stack & 3 == 0 && reset & 1 == 1 && reset < 0x2000_0000
  }

  private static func half(_ bytes: [UInt8], _ offset: Int) -> UInt16? {
    offset + 2 <= bytes.count ? UInt16(bytes[offset]) | UInt16(bytes[offset + 1]) << 8 : nil
  }

  private static func word(_ bytes: [UInt8], _ offset: Int) -> UInt32? {
    guard let low = half(bytes, offset), let high = half(bytes, offset + 2) else { return nil }
    return UInt32(low) | UInt32(high) << 16
  }
}

extension BoardDescription {
  /// In image headers.
  var number: UInt16? { PanelBoard.allCases.first { "\($0)" == name.replacingOccurrences(of: "-", with: "") }?.rawValue }
}
