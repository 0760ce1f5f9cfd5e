import DeviceKit

/// AES in cipher-block chaining with an initial vector of zeros and no padding of its own (README.md, "Encryption"). Whoever opens
/// sockets hands one in: this folder has no cryptography.
public protocol DC09Cipher: Sendable {
  /// `nil` unless the length is a multiple of 16.
  func encrypt(_ bytes: [UInt8]) -> [UInt8]?
  /// `nil` unless the length is a multiple of 16.
  func decrypt(_ bytes: [UInt8]) -> [UInt8]?
}

enum DC09Padding {
  /// 16 to 31 bytes, so that the whole is a multiple of 16: what both editions of the standard accept. Digits and capitals only, because
  /// a receiver was met that drops what is not ASCII before it looks for the end of the pad.
  static func pad(_ length: Int, _ random: inout SeededRandom) -> [UInt8] {
    (0..<32 - length % 16).map { _ in
      let draw = UInt8(truncatingIfNeeded: random.below(36))
      return draw < 10 ? 48 + draw : 55 + draw
    }
  }
}

/// Hexadecimal digits as they stand in frames.
enum DC09Hex {
  static func digits(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { digit(UInt8(truncatingIfNeeded: value >> (4 * (count - 1 - $0)) & 15)) }
  }

  static func digits(_ bytes: [UInt8]) -> [UInt8] { bytes.flatMap { [digit($0 >> 4), digit($0 & 15)] } }

  /// Both cases are read; capitals are written.
  static func value(_ digit: UInt8) -> UInt8? {
    switch digit {
    case 48...57: digit - 48
    case 65...70: digit - 55
    case 97...102: digit - 87
    default: nil
    }
  }

  static func number(_ digits: some Sequence<UInt8>) -> Int? {
    var number = 0
    for digit in digits {
      guard let value = value(digit), number < 1 << 24 else { return nil }
      number = number << 4 | Int(value)
    }
    return number
  }

  static func bytes(_ digits: [UInt8]) -> [UInt8]? {
    guard digits.count % 2 == 0 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count / 2)
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let high = value(digits[index]), let low = value(digits[index + 1]) else { return nil }
      bytes.append(high << 4 | low)
    }
    return bytes
  }

  private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 55 + value }
}
