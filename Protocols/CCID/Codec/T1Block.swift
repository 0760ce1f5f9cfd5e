/// What stands before and behind the field of a block of T=1 (ISO/IEC 7816-3, 11.3).
public enum T1Block {
  public enum Control: Sendable, Equatable {
    /// Information: its number, and whether more of the same follows.
    case information(number: UInt8, more: Bool)
    /// The block of that number is wanted; `error`: 0 none, 1 check, 2 other.
    case ready(number: UInt8, error: UInt8)
    case supervisory(Supervisory, isAnswer: Bool)
  }

  public enum Supervisory: UInt8, Sendable {
    case resynchronise, field, abort, wait
    /// Answered by the card to a voltage that it does not get: nothing here asks for it.
    case voltage
  }

  public enum Rejection: Error, Sendable, Equatable { case short, length, check, control }

  public static let longestField = 254

  public static func encode(_ control: Control, _ field: some Sequence<UInt8> = [], crc: Bool) -> [UInt8] {
    let content = Array(field).prefix(longestField)
    let block = [0, byte(control), UInt8(content.count)] + content
    return block + check(block, crc)
  }

  /// - Returns: the control byte and where the field stands.
  public static func decode(_ block: Span<UInt8>, crc: Bool) -> Result<(control: Control, field: Range<Int>), Rejection> {
    let checkLength = crc ? 2 : 1
    guard block.count >= 3 + checkLength else { return .failure(.short) }
    let length = Int(block[2])
    guard length <= longestField, block.count == 3 + length + checkLength else { return .failure(.length) }
    if crc {
      var value: UInt16 = 0xFFFF
      for index in 0..<3 + length { step(&value, block[index]) }
      guard block[3 + length] == UInt8(value >> 8), block[4 + length] == UInt8(value & 0xFF) else { return .failure(.check) }
    } else {
      var value: UInt8 = 0
      for index in 0...3 + length { value ^= block[index] }
      guard value == 0 else { return .failure(.check) }
    }
    guard let control = control(block[1]) else { return .failure(.control) }
    return .success((control, 3..<3 + length))
  }

  static func byte(_ control: Control) -> UInt8 {
    switch control {
    case .information(let number, let more): (number & 1) << 6 | (more ? 0x20 : 0)
    case .ready(let number, let error): 0x80 | (number & 1) << 4 | error & 0x0F
    case .supervisory(let kind, let isAnswer): 0xC0 | kind.rawValue | (isAnswer ? 0x20 : 0)
    }
  }

  static func control(_ byte: UInt8) -> Control? {
    if byte & 0x80 == 0 {
      guard byte & 0x1F == 0 else { return nil }
      return .information(number: byte >> 6 & 1, more: byte & 0x20 != 0)
    }
    if byte & 0x40 == 0 {
      guard byte & 0x2C == 0 else { return nil }
      return .ready(number: byte >> 4 & 1, error: byte & 0x0F)
    }
    return Supervisory(rawValue: byte & 0x1F).map { .supervisory($0, isAnswer: byte & 0x20 != 0) }
  }

  private static func check(_ block: [UInt8], _ crc: Bool) -> [UInt8] {
    guard crc else { return [block.reduce(0, ^)] }
    var value: UInt16 = 0xFFFF
    for byte in block { step(&value, byte) }
    return [UInt8(value >> 8), UInt8(value & 0xFF)]
  }

  /// ISO/IEC 13239, bits of a byte lowest first; which byte of the sum goes first is from memory (README.md, "T=1").
  private static func step(_ value: inout UInt16, _ byte: UInt8) {
    value ^= UInt16(byte)
    for _ in 0..<8 { value = value & 1 != 0 ? value >> 1 ^ 0x8408 : value >> 1 }
  }
}
